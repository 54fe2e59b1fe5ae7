import { isAuthorityEvent, type LogRecord } from '@profile-warden/events';
import type { Folded } from '../fold.ts';
import { isEffective } from '../folded-record.ts';
import type { PartitionState, StageKind } from '../state.ts';
import type { InvariantId, Violation } from './invariant.ts';
import { ProfileAudit, type Check } from './profile-audit.ts';

export interface PartitionAuditOptions {
  readonly partition: number;
  /** Shortest silence that may raise a suspicion; 0 leaves it at what the suspicion itself claims. */
  readonly suspectAfterMs: number;
}

/** What of a folded record the audit looks at; `FoldedRecord` has it. */
export interface AuditedStep {
  readonly record: LogRecord;
  readonly folded: Folded;
  readonly before: { readonly stage: { readonly kind: StageKind } } | undefined;
  readonly state: Pick<PartitionState, 'logMs' | 'tally'>;
}

/** Violations kept; past it only the count goes on. */
const KEPT_MAX = 1_000;

export class PartitionAudit {
  readonly #options: PartitionAuditOptions;
  readonly #profiles = new Map<string, ProfileAudit>();
  readonly #checked = new Map<InvariantId, number>();
  readonly violations: Violation[] = [];
  violationCount = 0;
  #epoch = -1;
  #readCount = 0;

  constructor(options: PartitionAuditOptions) {
    this.#options = options;
  }

  checkedCount(invariant: InvariantId): number {
    return this.#checked.get(invariant) ?? 0;
  }

  /** Requests without an answer yet: no violation while the authority may still answer. */
  get unansweredCount(): number {
    return [...this.#profiles.values()].reduce((sum, profile) => sum + profile.unansweredCount, 0);
  }

  take(step: AuditedStep): void {
    const { record, folded, before, state } = step;
    const { event, offset, profileId } = record;
    this.#readCount += 1;
    const check: Check = (invariant, holds, detail) =>
      this.#check(invariant, holds, { offset, profileId, detail });
    this.#checkEpoch(step, check);
    if (event.type === 'undecodable' || event.type === 'foreign' || profileId === null) return;
    const profile = this.#profileOf(profileId);
    profile.take(
      {
        offset,
        logMs: state.logMs,
        event,
        isEffective: isEffective(folded),
        stageBefore: before?.stage.kind ?? 'available',
      },
      check,
    );
  }

  /** Call it at the end of the partition. */
  finish(state: Pick<PartitionState, 'tally' | 'nextOffset'>): void {
    const { read, applied, undecodable, foreign, ignored } = state.tally;
    const sum = [...ignored.values()].reduce((left, right) => left + right, applied + undecodable + foreign);
    this.#check('I15', read === sum && read === this.#readCount, {
      offset: state.nextOffset - 1,
      profileId: null,
      detail: `${this.#readCount} records were read, ${read} counted, ${sum} accounted for`,
    });
  }

  #checkEpoch({ record, folded }: AuditedStep, check: Check): void {
    const { event, offset } = record;
    if (event.type === 'AuthorityEpochStarted') this.#epoch = offset;
    else if (isAuthorityEvent(event.type) && 'epoch' in event) {
      if (isEffective(folded))
        check(
          'I5',
          event.epoch === this.#epoch,
          `${event.type} of epoch ${event.epoch} under ${this.#epoch}`,
        );
      if (event.epoch === this.#epoch)
        check('I17', isEffective(folded), `${event.type} of the current epoch was ignored: ${folded}`);
    }
  }

  #profileOf(profileId: string): ProfileAudit {
    let profile = this.#profiles.get(profileId);
    if (profile === undefined) {
      profile = new ProfileAudit(this.#options.suspectAfterMs);
      this.#profiles.set(profileId, profile);
    }
    return profile;
  }

  #check(
    invariant: InvariantId,
    holds: boolean,
    where: Pick<Violation, 'offset' | 'profileId' | 'detail'>,
  ): void {
    this.#checked.set(invariant, this.checkedCount(invariant) + 1);
    if (holds) return;
    this.violationCount += 1;
    if (this.violations.length < KEPT_MAX)
      this.violations.push({ invariant, partition: this.#options.partition, ...where });
  }
}
