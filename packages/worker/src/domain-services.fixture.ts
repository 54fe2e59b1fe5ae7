import {
  DEFAULT_POLICY,
  emptyPartition,
  evolve,
  owedByAuthority,
  owedByDetector,
  rejectionOwed,
} from '@profile-warden/domain';
import type { PartitionState, Policy, ProfileState, StageKind } from '@profile-warden/domain';
import { isReportEvent } from '@profile-warden/events';
import type { LogRecord, WardenEvent } from '@profile-warden/events';
import { MemoryLog, VirtualClock, settle } from './memory-log.fixture.ts';
import { Worker } from './worker.ts';
import type { WorkerOptions } from './worker-options.ts';

const TICK_MS = 1_000;

/** The authority and the detector with their real rules, on one partition in memory, and workers beside them. */
export class DomainBench {
  readonly clock = new VirtualClock();
  readonly log = new MemoryLog(1);
  readonly policy: Policy;
  readonly #state: PartitionState = emptyPartition(0);
  #folded = 0;
  #count = 0;
  #epoch = 0;

  constructor(policy: Partial<Policy> = {}) {
    this.policy = { ...DEFAULT_POLICY, ...policy };
    this.log.brokerNow = () => this.clock.now();
    this.#epoch = this.#write(null, { type: 'AuthorityEpochStarted', foldVersion: 1, instanceId: 'a' });
  }

  /** A worker in a process of its own: `log` is its view of the topic. */
  async worker(
    workerId: string,
    options: Partial<WorkerOptions> = {},
  ): Promise<{ worker: Worker; log: MemoryLog }> {
    const log = this.log.peer();
    const host = { hostId: `host-${workerId}`, bootId: 'b1', pid: 7, processStart: 99, pidNamespace: '' };
    const ports = { log, clock: this.clock, host, randomId: () => `inc-${workerId}` };
    return { worker: await Worker.start(ports, { workerId, ...options }), log };
  }

  stageOf(profileId: string): StageKind | undefined {
    return this.#state.profiles.get(profileId)?.stage.kind;
  }

  /** Everything that is due happens, again and again, until nothing does. */
  async calm(): Promise<void> {
    do {
      await settle();
      this.#fold();
    } while (this.#folded < this.log.records.length);
    await settle();
  }

  async advance(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= TICK_MS) {
      await this.clock.advance(Math.min(left, TICK_MS));
      this.#write(null, { type: 'ClockTicked', intervalMs: TICK_MS, epoch: this.#epoch });
      await this.calm();
    }
  }

  #fold(): void {
    while (this.#folded < this.log.records.length) {
      const record = this.log.records[this.#folded];
      if (record === undefined) break;
      this.#folded += 1;
      evolve(this.#state, record);
      this.#reject(record);
    }
    for (const profile of this.#state.profiles.values()) this.#pay(profile);
  }

  #pay(profile: ProfileState): void {
    const one = { state: this.#state, profile, policy: this.policy };
    const owed = owedByAuthority(one);
    for (const event of owed) this.#write(profile.profileId, { ...event, epoch: this.#epoch });
    const suspicion = owed.length === 0 ? owedByDetector(one) : null;
    if (suspicion !== null) this.#write(profile.profileId, suspicion);
  }

  #reject({ event, profileId, offset }: LogRecord): void {
    const profile = this.#state.profiles.get(profileId ?? '');
    if (profile === undefined || !isReportEvent(event.type) || !('token' in event)) return;
    if (event.token === null) return;
    const notice = rejectionOwed(profile, { type: event.type, token: event.token, offset });
    if (notice !== null) this.#write(profile.profileId, { ...notice, epoch: this.#epoch });
  }

  #write(profileId: string | null, event: WardenEvent): number {
    this.#count += 1;
    const keyless = profileId === null ? { partition: 0 } : {};
    return this.log.write({ id: `s${this.#count}`, profileId, ...keyless, event });
  }
}
