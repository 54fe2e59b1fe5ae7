import {
  emptyPartition,
  evolve,
  type PartitionState,
  type Policy,
  type ProfileState,
} from '@profile-warden/domain';
import type { LogRecord, RecordBody, WardenEvent } from '@profile-warden/events';
import { collectorDuty } from '@profile-warden/evidence-collector';
import { authorityDuty, epochOpener } from '@profile-warden/lease-authority';
import { deciderDuty } from '@profile-warden/recovery-decider';
import { appendingOpener } from '@profile-warden/service';
import { detectorDuty, runTicker } from '@profile-warden/stale-detector';
import { MemoryLog, ScriptedNetwork, VirtualClock, type ProcessClock } from '@profile-warden/testkit/memory';
import { findings, request } from '@profile-warden/testkit/spec';
import { Worker, type AcquireOptions, type Lease, type WorkerNotice } from '@profile-warden/worker';
import { FIELD_POLICY } from './field-policy.fixture.ts';
import { FieldService } from './field-service.fixture.ts';
import { FieldClock, FieldWorkerLog } from './field-worker.fixture.ts';

/** A worker of the fleet: the SDK in a process of its own. */
export interface FieldWorker {
  readonly worker: Worker;
  readonly process: ProcessClock;
  /** Its connection: paused, it is cut off. */
  readonly line: ProcessClock;
  readonly clock: FieldClock;
  readonly log: FieldWorkerLog;
  readonly notices: WorkerNotice[];
}

/** The services as they are, on one topic in memory under one clock, and whatever a case has around them. */
export class FieldWorld {
  readonly clock = new VirtualClock();
  readonly network = new ScriptedNetwork();
  readonly log: MemoryLog;
  readonly policy: Policy;
  readonly authority: FieldService;
  readonly detector: FieldService;
  readonly collector: FieldService;
  readonly decider: FieldService;
  /** What a look at the host will find; by default a holder that is gone and a sound profile. */
  seen: Parameters<typeof findings>[0] = {};
  looks = 0;
  readonly #states = new Map<number, PartitionState>();
  #said = 0;

  private constructor(policy: Partial<Policy>, partitionCount: number) {
    this.policy = { ...FIELD_POLICY, ...policy };
    this.log = new MemoryLog({ clock: this.clock, network: this.network, partitionCount });
    this.authority = this.#authority();
    this.detector = this.#detector();
    this.collector = this.#collector();
    this.decider = this.#decider();
  }

  /** All services are up, and log time is 0. */
  static async start(policy: Partial<Policy> = {}, partitionCount = 1): Promise<FieldWorld> {
    const world = new FieldWorld(policy, partitionCount);
    for (const service of world.services) await service.start();
    // The first tick only begins to count.
    await world.pass(1);
    return world;
  }

  get services(): readonly FieldService[] {
    return [this.authority, this.detector, this.collector, this.decider];
  }

  /** Lets so many seconds go by, for everybody. */
  async pass(seconds: number): Promise<void> {
    await this.clock.advance(seconds * 1_000);
  }

  /** Until log time says so many seconds. */
  async until(seconds: number): Promise<void> {
    await this.pass(seconds - this.logSeconds);
  }

  /** The same, with a report every five seconds, the first one now. */
  async beatUntil(seconds: number, report: WardenEvent, profileId = 'p1'): Promise<void> {
    while (this.logSeconds < seconds) {
      this.say(report, profileId);
      await this.pass(Math.min(5, seconds - this.logSeconds));
    }
  }

  get logSeconds(): number {
    return this.state().logMs / 1_000;
  }

  /** What somebody outside of this world has written, at once and past every fault. */
  say(event: WardenEvent, profileId: string | null = 'p1', id = `said-${(this.#said += 1)}`): number {
    return this.log.write({ id, profileId, ...(profileId === null ? { partition: 0 } : {}), event });
  }

  /** Another place for the same service, down as yet: with it two may believe that a partition is theirs. */
  anotherAuthority(): FieldService {
    return this.#authority();
  }

  /** The fold of the whole log by now; later calls bring the same object up to date. */
  state(partition = 0): PartitionState {
    const state = this.#states.get(partition) ?? emptyPartition(partition);
    this.#states.set(partition, state);
    const { records, nextOffset } = this.log.committed(partition, state.nextOffset);
    for (const record of records) evolve(state, record);
    state.nextOffset = nextOffset;
    return state;
  }

  profile(profileId = 'p1'): ProfileState {
    const found = this.state(this.log.partitionOf(profileId)).profiles.get(profileId);
    if (found === undefined) throw new Error(`no record has spoken of ${profileId}`);
    return found;
  }

  get records(): readonly LogRecord[] {
    return Array.from({ length: this.log.partitionCount }, (_none, partition) => partition).flatMap(
      (partition) => this.log.committed(partition).records,
    );
  }

  of<K extends RecordBody['type']>(type: K): readonly Extract<RecordBody, { type: K }>[] {
    return this.records
      .map(({ event }) => event)
      .filter((event): event is Extract<RecordBody, { type: K }> => event.type === type);
  }

  async worker(workerId: string, incarnation = `inc-${workerId}`): Promise<FieldWorker> {
    const process = this.clock.process();
    const line = process.line();
    const clock = new FieldClock(process);
    const notices: WorkerNotice[] = [];
    const host = { hostId: 'h1', bootId: 'b1', pid: 1, processStart: 5_000, pidNamespace: 'ns1' };
    const { heartbeatEveryMs, marginMs } = this.policy;
    const log = new FieldWorkerLog(this.log, line);
    const starting = Worker.start(
      { log, clock, host, randomId: () => incarnation },
      { workerId, heartbeatEveryMs, marginMs, onNotice: (notice) => notices.push(notice) },
    );
    await this.pass(0);
    return { worker: await starting, process, line, clock, log, notices };
  }

  /** `p1` is leased to a holder by hand, token 1, who says this much and nothing more by itself. */
  async hold(...reports: readonly WardenEvent[]): Promise<void> {
    this.say(request());
    await this.pass(0);
    for (const report of reports) this.say(report);
  }

  /** A lease whose browser answers. */
  async lease({ worker }: FieldWorker, about: Partial<AcquireOptions> = {}): Promise<Lease> {
    const asked = worker.acquire({ profileId: 'p1', taskId: 't1', ...about });
    asked.catch(() => undefined);
    await this.pass(1);
    const lease = await asked;
    lease.browserState(() => 'reachable');
    return lease;
  }

  #authority(): FieldService {
    return new FieldService(this.log, {
      group: 'lease-authority',
      policy: this.policy,
      body: (process, instanceId) => ({
        duty: authorityDuty(),
        opener: epochOpener(this.log.epochWriter(process), instanceId),
      }),
    });
  }

  #detector(): FieldService {
    return new FieldService(this.log, {
      group: 'stale-detector',
      policy: this.policy,
      body: (process, instanceId) => {
        const appender = this.log.appender(process);
        const { tickEveryMs } = this.policy;
        const options = { appender, clock: process, tickEveryMs, instanceId, onFailed: () => undefined };
        return {
          duty: detectorDuty(this.policy),
          opener: appendingOpener(appender),
          beside: (runtime) => void runTicker(runtime, options, new AbortController().signal),
        };
      },
    });
  }

  #collector(): FieldService {
    return new FieldService(this.log, {
      group: 'evidence-collector',
      policy: this.policy,
      body: (process, instanceId) => ({
        duty: collectorDuty({
          collectorId: instanceId,
          hostId: 'h1',
          scope: 'any',
          look: async ({ settleMs }, signal) => {
            this.looks += 1;
            await process.sleep(settleMs, signal);
            return findings(this.seen);
          },
          sleep: (ms, signal) => process.sleep(ms, signal),
          wallNow: () => process.wallNow(),
        }),
        opener: appendingOpener(this.log.appender(process)),
      }),
    });
  }

  #decider(): FieldService {
    return new FieldService(this.log, {
      group: 'recovery-decider',
      policy: this.policy,
      body: (process) => ({ duty: deciderDuty, opener: appendingOpener(this.log.appender(process)) }),
    });
  }
}
