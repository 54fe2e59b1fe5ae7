import { DEFAULT_POLICY, emptyPartition, evolve, type PartitionState } from '@profile-warden/domain';
import type { EventOf, WardenEvent } from '@profile-warden/events';
import { FoldAndPay, appendingOpener } from '@profile-warden/service';
import { MemoryLog, ScriptedNetwork, VirtualClock } from '@profile-warden/testkit/memory';
import { beat, findings, leaseGranted, request } from '@profile-warden/testkit/spec';
import { describe, expect, it } from 'vitest';
import { collectorDuty, type CollectorOptions } from './duty.ts';

/** One partition, whose leases are all of host `h1`; a tick a second. */
class LostHost {
  readonly clock = new VirtualClock();
  readonly #log = new MemoryLog({ clock: this.clock, network: new ScriptedNetwork(), partitionCount: 1 });
  readonly #names: readonly string[];
  #written = 0;

  constructor(leaseCount: number) {
    this.#names = Array.from({ length: leaseCount }, (_none, index) => `p${index}`);
    this.#say(null, { type: 'AuthorityEpochStarted', foldVersion: 1, instanceId: 'a1' });
    for (const name of this.#names) {
      const holder = { workerId: `w-${name}`, incarnation: `i-${name}`, hostId: 'h1', taskId: 't1' };
      this.#say(name, request(`r-${name}`, holder));
      this.#say(name, leaseGranted(0, { requestId: `r-${name}`, holder, leaseMs: DEFAULT_POLICY.leaseMs }));
      this.#say(name, beat('reachable', { incarnation: holder.incarnation }));
    }
  }

  /** A collector that finds every holder gone; its looks last `lookMs` beyond the gap between their two halves. */
  async collector(about: Pick<CollectorOptions, 'hostId' | 'scope'>, lookMs: number): Promise<void> {
    const process = this.clock.process();
    const runtime = new FoldAndPay({
      duty: collectorDuty({
        ...about,
        collectorId: about.hostId,
        wallNow: () => 0,
        sleep: (ms, signal) => process.sleep(ms, signal),
        look: async ({ settleMs }, signal) => {
          await process.sleep(settleMs + lookMs, signal);
          return findings();
        },
      }),
      policy: DEFAULT_POLICY,
      reader: this.#log.reader(process, { partitions: [0] }),
      opener: appendingOpener(this.#log.appender(process)),
      clock: process,
      random: () => 0.5,
      onSignal: () => undefined,
    });
    await runtime.start();
  }

  async pass(seconds: number): Promise<void> {
    for (let second = 0; second < seconds; second += 1) {
      this.#say(null, { type: 'ClockTicked', intervalMs: 1_000, epoch: 0 });
      await this.clock.advance(1_000);
    }
  }

  quarantineAll(): void {
    for (const name of this.#names)
      this.#say(name, {
        type: 'Quarantined',
        epoch: 0,
        token: 1,
        round: 1,
        cause: 'host-restarted',
        suspicionOffset: null,
        fenceTargets: [],
      });
  }

  state(): PartitionState {
    const state = emptyPartition(0);
    for (const record of this.#log.committed(0).records) evolve(state, record);
    return state;
  }

  /** Every record of evidence, those that the fold ignores too. */
  evidence(): readonly EventOf<'EvidenceCollected'>[] {
    return this.#log
      .committed(0)
      .records.flatMap(({ event }) => (event.type === 'EvidenceCollected' ? [event] : []));
  }

  /** How many cases were settled by what collector at which attempt. */
  settledBy(): Readonly<Record<string, number>> {
    const count: Record<string, number> = {};
    for (const { collectorId, attempt, complete } of this.evidence()) {
      const name = `${collectorId} at ${attempt}`;
      if (complete) count[name] = (count[name] ?? 0) + 1;
    }
    return count;
  }

  #say(profileId: string | null, event: WardenEvent): void {
    this.#written += 1;
    const id = `said-${this.#written}`;
    this.#log.write({ id, profileId, ...(profileId === null ? { partition: 0 } : {}), event });
  }
}

const lost = async (leaseCount: number, lookMs: number): Promise<LostHost> => {
  const host = new LostHost(leaseCount);
  await host.collector({ hostId: 'h1', scope: 'host' }, lookMs);
  await host.collector({ hostId: 'h2', scope: 'any' }, lookMs);
  await host.pass(DEFAULT_POLICY.leaseMs / 1_000);
  host.quarantineAll();
  return host;
};

const stages = (host: LostHost): readonly string[] => [
  ...new Set([...host.state().profiles.values()].map(({ stage }) => stage.kind)),
];

describe('a host that is lost with hundreds of leases', () => {
  it('is looked at within one attempt, before anybody speaks for it', async () => {
    const host = await lost(400, 500);
    await host.pass(100);
    expect(host.settledBy()).toEqual({ 'h1 at 1': 400 });
    expect(host.evidence()).toHaveLength(400);
    expect(stages(host)).toEqual(['inspected']);
  });

  it('is looked at in turns where it has more than have a place', async () => {
    const host = await lost(1_100, 500);
    await host.pass(200);
    expect(host.settledBy()).toEqual({ 'h1 at 1': 512, 'h1 at 2': 588 });
    expect(stages(host)).toEqual(['inspected']);
  });

  it('whose looks last too long is spoken for, and what they find is worth the next attempt', async () => {
    const host = await lost(20, 33_000);
    await host.pass(100);
    expect(
      host.evidence().map(({ collectorId, attempt, complete }) => [collectorId, attempt, complete]),
    ).toEqual([
      ...Array.from({ length: 20 }, () => ['h2', 1, false]),
      ...Array.from({ length: 20 }, () => ['h1', 2, true]),
    ]);
    expect(host.state().tally.ignored.size).toBe(0);
    expect(stages(host)).toEqual(['inspected']);
  });
});
