import {
  canonicalJson,
  type FoldedRecord,
  type PartitionState,
  type ProfileState,
} from '@profile-warden/domain';
import type { ProjectedProfile } from './read-model.ts';

/** Whether the read model says of a profile what the log says. */
export type Agreement =
  | { readonly verdict: 'not-configured' }
  /** The state was begun from the read model itself. */
  | { readonly verdict: 'not-compared' }
  | { readonly verdict: 'unreachable'; readonly detail: string }
  /** Not there yet, or not to be compared: nothing is said against it. */
  | { readonly verdict: 'behind'; readonly foldedOffset: number; readonly behindBy: number }
  | { readonly verdict: 'agrees'; readonly foldedOffset: number; readonly behindBy: number }
  | { readonly verdict: 'differs'; readonly foldedOffset: number; readonly detail: string };

/** Remembers the profile as it was at the offset up to which its row was folded, while the log goes by. */
export class AgreementCheck {
  readonly #projected: ProjectedProfile;
  readonly #profileId: string;
  #atRow: ProfileState | undefined;
  #firstOffset: number | null = null;

  constructor(profileId: string, projected: ProjectedProfile) {
    this.#profileId = profileId;
    this.#projected = projected;
  }

  take({ record, after }: FoldedRecord): void {
    if (record.profileId !== this.#profileId) return;
    if (after !== undefined) this.#firstOffset ??= record.offset;
    if (record.offset <= (this.#projected.row?.foldedOffset ?? -1)) this.#atRow = after;
  }

  /** Call it when everything is folded. */
  verdict(state: PartitionState): Agreement {
    const { row, position } = this.#projected;
    const foldedOffset = position.nextOffset - 1;
    const behindBy = Math.max(0, state.nextOffset - position.nextOffset);
    const differs = (detail: string): Agreement => ({ verdict: 'differs', foldedOffset, detail });
    const { firstRecordId } = position;
    if (firstRecordId !== null && firstRecordId !== state.firstRecordId)
      return differs('it was built from another log: the first records have different ids');
    if (row === null)
      return this.#firstOffset === null || this.#firstOffset >= position.nextOffset
        ? { verdict: 'behind', foldedOffset, behindBy }
        : differs('it does not know the profile');
    if (this.#atRow === undefined) return differs('the log says nothing of the profile up to there');
    const projected = canonicalJson(row.state);
    if (projected !== canonicalJson(JSON.parse(JSON.stringify(this.#atRow))))
      return differs(
        `at offset ${row.foldedOffset} it has ${row.lifecycle} with token ${row.token} since offset ` +
          `${row.sinceOffset}; the log has ${this.#atRow.stage.kind} with token ${this.#atRow.token} since offset ` +
          `${this.#atRow.since.offset}${sameFace(row, this.#atRow) ? ', and they differ in what lies below' : ''}`,
      );
    return { verdict: 'agrees', foldedOffset, behindBy };
  }
}

const sameFace = (row: NonNullable<ProjectedProfile['row']>, profile: ProfileState): boolean =>
  row.lifecycle === profile.stage.kind &&
  row.token === profile.token &&
  row.sinceOffset === profile.since.offset;
