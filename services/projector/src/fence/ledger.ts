import { fenceRowOf, type PartitionState, type ProfileState } from '@profile-warden/domain';
import type { FenceChange, FenceRow } from '@profile-warden/postgres';

/** What a fence target should say about a profile; null before its first lease. */
export const changeOf = (profile: ProfileState, partition: number): FenceChange | null => {
  const row = fenceRowOf(profile);
  if (row === null) return null;
  const { profileId, token, valid, offset } = row;
  const status = valid ? 'held' : profile.stage.kind === 'quarantined' ? 'revoked' : 'ended';
  return { profileId, token, status, partition, offset };
};

/** The part of a change that a mark can already say though a writer holds the row: these tokens are dead. */
export const markOf = (change: FenceChange): FenceChange | null => {
  const token = change.status === 'held' ? change.token - 1 : change.token;
  return token < 1 ? null : { ...change, token, status: 'revoked' };
};

interface Known {
  readonly token: number;
  readonly valid: boolean;
}

/** What one target is known to say, and what it still has to be told. The newest word about a profile replaces older ones. */
export class FenceLedger {
  readonly #known = new Map<string, Known>();
  readonly #pending = new Map<string, FenceChange>();

  get pendingCount(): number {
    return this.#pending.size;
  }

  pending(): FenceChange[] {
    return [...this.#pending.values()];
  }

  /** Takes over the rows as the target has them. */
  load(rows: readonly FenceRow[]): void {
    for (const { profileId, token, valid } of rows) this.#known.set(profileId, { token, valid });
  }

  /** The target is another database than before: nothing is known of it. */
  forget(): void {
    this.#known.clear();
    this.#pending.clear();
  }

  /** Notes whatever of these profiles the target does not say yet. */
  compare(state: PartitionState, profileIds: Iterable<string>): void {
    for (const profileId of profileIds) {
      const profile = state.profiles.get(profileId);
      const change = profile === undefined ? null : changeOf(profile, state.partition);
      if (change === null) continue;
      const known = this.#known.get(profileId);
      const isSaid = known?.token === change.token && known.valid === (change.status === 'held');
      if (!isSaid) this.require(change);
      else if (this.#pending.get(profileId)?.status !== 'revoked') this.#pending.delete(profileId);
    }
  }

  /** Notes the change even where the target is believed to say so already: a fence is confirmed by asking only. */
  require(change: FenceChange): void {
    const pending = this.#pending.get(change.profileId);
    if (pending === undefined || pending.offset <= change.offset) this.#pending.set(change.profileId, change);
  }

  /** The target says so now, or something later. */
  settle(change: FenceChange): void {
    const { profileId, token, status } = change;
    this.#known.set(profileId, { token, valid: status === 'held' });
    this.drop(change);
  }

  /** Not to be told any more, unless a later change has taken its place. */
  drop({ profileId, offset }: FenceChange): void {
    const pending = this.#pending.get(profileId);
    if (pending !== undefined && pending.offset <= offset) this.#pending.delete(profileId);
  }

  /** The partition is another projector's now. */
  close(partition: number): void {
    for (const [profileId, change] of this.#pending)
      if (change.partition === partition) this.#pending.delete(profileId);
  }
}
