import type { LogRecord, NewEvent, WardenEvent } from '@profile-warden/events';
import { MemoryLog, VirtualClock, settle } from './memory-log.fixture.ts';
import type { WorkerNotice } from './notice.ts';
import { Worker } from './worker.ts';
import type { Lease } from './lease.ts';
import type { AcquireOptions } from './lease-options.ts';
import type { WorkerOptions } from './worker-options.ts';

export const LEASE_MS = 120_000;

/** Plays the authority by hand: writes what a test tells it to. */
export class HandAuthority {
  readonly log: MemoryLog;
  epoch = 0;
  #count = 0;
  #token = 0;

  constructor(log: MemoryLog) {
    this.log = log;
    for (let partition = 0; partition < log.partitionCount; partition += 1)
      this.epoch = this.keyless(partition, {
        type: 'AuthorityEpochStarted',
        foldVersion: 1,
        instanceId: 'hand',
      });
  }

  keyless(partition: number, event: WardenEvent): number {
    return this.log.write({ ...this.#event(null, event), partition });
  }

  keyed(profileId: string, event: WardenEvent): number {
    return this.log.write(this.#event(profileId, event));
  }

  lastRequest(): Extract<WardenEvent, { type: 'LeaseRequested' }> {
    const request = this.log.of('LeaseRequested').at(-1);
    if (request === undefined) throw new Error('nobody has asked');
    return request;
  }

  grant(profileId: string, over: Partial<Extract<WardenEvent, { type: 'LeaseGranted' }>> = {}): number {
    const { requestId, workerId, incarnation, hostId, taskId, intent } = this.lastRequest();
    const token = (this.#token = over.token ?? this.#token + 1);
    this.keyed(profileId, {
      type: 'LeaseGranted',
      epoch: this.epoch,
      token,
      requestId,
      holder: { workerId, incarnation, hostId, taskId },
      intent,
      leaseMs: LEASE_MS,
      maxRuntimeMs: 1_800_000,
      resumeFrom: null,
      ...over,
    });
    return token;
  }

  deny(profileId: string, retryAfterMs: number): void {
    this.keyed(profileId, {
      type: 'LeaseDenied',
      epoch: this.epoch,
      requestId: this.lastRequest().requestId,
      reason: 'held',
      state: 'held',
      holder: { workerId: 'other', incarnation: 'i2', hostId: 'h2', taskId: 't2' },
      token: 4,
      since: 1_700_000_000_000,
      nextAction: 'wait for its release',
      retryAfterMs,
    });
  }

  quarantine(profileId: string, token: number, epoch = this.epoch): void {
    this.keyed(profileId, {
      type: 'Quarantined',
      epoch,
      token,
      round: 1,
      cause: 'heartbeat-stopped',
      suspicionOffset: null,
      fenceTargets: [],
    });
  }

  released(profileId: string, token: number): void {
    this.keyed(profileId, { type: 'LeaseReleased', epoch: this.epoch, token, round: null });
  }

  #event(profileId: string | null, event: WardenEvent): NewEvent {
    this.#count += 1;
    return { id: `a${this.#count}`, profileId, event };
  }
}

export interface Bench {
  readonly log: MemoryLog;
  readonly clock: VirtualClock;
  readonly authority: HandAuthority;
  readonly worker: Worker;
  readonly notices: WorkerNotice[];
  /** An active lease on the profile. */
  readonly lease: (profileId?: string, options?: Partial<AcquireOptions>) => Promise<Lease>;
}

export async function startBench(options: Partial<WorkerOptions> = {}): Promise<Bench> {
  const log = new MemoryLog();
  const clock = new VirtualClock();
  const authority = new HandAuthority(log);
  const notices: WorkerNotice[] = [];
  const host = { hostId: 'h1', bootId: 'b1', pid: 7, processStart: 99, pidNamespace: 'pid:[1]' };
  const worker = await Worker.start(
    { log, clock, host, randomId: () => 'inc1' },
    { workerId: 'w1', onNotice: (notice) => notices.push(notice), ...options },
  );
  const lease = async (profileId = 'p1', wanted: Partial<AcquireOptions> = {}): Promise<Lease> => {
    const asked = worker.acquire({ profileId, taskId: 't1', ...wanted });
    await settle();
    authority.grant(profileId);
    return asked;
  };
  return { log, clock, authority, worker, notices, lease };
}

let offsets = 100;

/** One record of profile p1 in partition 0 for tests of the fold. */
export const recordOf = (event: WardenEvent, offset = (offsets += 1)): LogRecord => ({
  partition: 0,
  offset,
  brokerMs: 0,
  profileId: 'p1',
  id: `r${offset}`,
  event,
});
