import type { ProfileState } from '@profile-warden/domain';

/** A record that moved a profile into another stage, or brought evidence. */
export interface Move {
  readonly before: ProfileState | undefined;
  readonly after: ProfileState;
}

export interface Changes {
  readonly touched: ReadonlySet<string>;
  /** By the offset of the record. */
  readonly moves: ReadonlyMap<number, Move>;
}

/**
 * The profiles of a partition, which the fold updates in place, with a note of what it changed: the projector writes
 * only that. `offset` must tell the record being folded.
 */
export class TrackedProfiles extends Map<string, ProfileState> {
  #touched = new Set<string>();
  #moves = new Map<number, Move>();
  readonly #offset: () => number;

  constructor(profiles: Iterable<ProfileState>, offset: () => number) {
    super();
    this.#offset = offset;
    for (const profile of profiles) super.set(profile.profileId, profile);
  }

  override set(profileId: string, after: ProfileState): this {
    const before = this.get(profileId);
    this.#touched.add(profileId);
    if (after.stage !== before?.stage) this.#moves.set(this.#offset(), { before, after });
    return super.set(profileId, after);
  }

  /** What changed since this was asked last. */
  take(): Changes {
    const taken = { touched: this.#touched, moves: this.#moves };
    this.#touched = new Set();
    this.#moves = new Map();
    return taken;
  }
}
