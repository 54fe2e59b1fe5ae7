import { owedByAuthority, rejectionOwed, type AuthorityDecision } from '@profile-warden/domain';
import { PROFILES, type World } from './world.ts';
import { WALK_POLICY } from './walk-policy.ts';
import type { Reader } from './reader.ts';

interface Decision {
  readonly profileId: string;
  readonly decidedOn: number;
  readonly owed: AuthorityDecision;
}

/**
 * One instance of the authority. Modes: restoring (its barrier is not folded yet), deciding, deposed (it has read the
 * barrier of another). Between losing its place and reading so it is a zombie that goes on deciding.
 */
export class Authority {
  readonly #world: World;
  readonly #reader: Reader;
  readonly #epoch: number;
  readonly #batch: Decision[] = [];
  /** Offset of the last decision on a profile; nothing more is decided on it until that has come back. */
  readonly #awaited = new Map<string, number>();

  constructor(world: World, instanceId: string, from: Reader | null) {
    this.#world = world;
    this.#epoch = world.append({
      event: { type: 'AuthorityEpochStarted', foldVersion: 1, instanceId },
      profileId: '',
    }).offset;
    this.#reader = world.reader();
    if (from !== null) this.#reader.restart(from);
  }

  get reader(): Reader {
    return this.#reader;
  }

  get isDeposed(): boolean {
    return this.#reader.state.epoch > this.#epoch;
  }

  get #isDeciding(): boolean {
    return this.#reader.state.epoch === this.#epoch;
  }

  read(count: number): void {
    this.#reader.advance(count);
    for (const [profileId, offset] of this.#awaited)
      if (this.#reader.state.nextOffset > offset) this.#awaited.delete(profileId);
  }

  decide(): void {
    for (const profileId of PROFILES) {
      if (!this.#isDeciding) return;
      const profile = this.#reader.profile(profileId);
      if (profile === undefined || this.#awaited.has(profileId)) continue;
      const owed = owedByAuthority({ state: this.#reader.state, profile, policy: WALK_POLICY });
      if (owed.length === 0) continue;
      for (const one of owed) this.#batch.push({ profileId, decidedOn: this.#reader.basedOn, owed: one });
      this.#awaited.set(profileId, Infinity);
    }
  }

  /** One transaction. A deposed one's is refused by Kafka, or lands although it should not. */
  commit(): void {
    const batch = this.#batch.splice(0);
    if (this.#world.isKafkaFenced && this.#world.state.epoch !== this.#epoch) return;
    for (const { profileId, decidedOn, owed } of batch) {
      const { offset } = this.#world.append({ event: { ...owed, epoch: this.#epoch }, profileId }, decidedOn);
      this.#awaited.set(profileId, offset);
    }
  }

  /** The notice to a late holder, about any report read. */
  reject(): void {
    const { profileId, event, offset } = this.#world.random.pick(this.#world.records);
    if (profileId === null || !('token' in event) || event.type !== 'Heartbeat') return;
    const profile = this.#reader.profile(profileId);
    if (profile === undefined || !this.#isDeciding) return;
    const notice = rejectionOwed(profile, { type: event.type, token: event.token, offset });
    if (this.#world.isKafkaFenced && this.#world.state.epoch !== this.#epoch) return;
    if (notice !== null)
      this.#world.append({ event: { ...notice, epoch: this.#epoch }, profileId }, this.#reader.basedOn);
  }
}
