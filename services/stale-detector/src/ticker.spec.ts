import { DEFAULT_POLICY, emptyPartition } from '@profile-warden/domain';
import type { Appender } from '@profile-warden/events';
import { FoldAndPay, appendingOpener } from '@profile-warden/service';
import { LOST, MemoryLog, ScriptedNetwork, VirtualClock } from '@profile-warden/testkit/memory';
import { describe, expect, it } from 'vitest';
import { detectorDuty } from './duty.ts';
import { runTicker } from './ticker.ts';

const EVERY_MS = 1_000;

const started = async (
  prepare: (log: MemoryLog, network: ScriptedNetwork) => void = () => undefined,
  assignment: Parameters<MemoryLog['reader']>[1] = { partitions: [0, 1] },
) => {
  const clock = new VirtualClock();
  const network = new ScriptedNetwork();
  const log = new MemoryLog({ clock, network, partitionCount: 2 });
  prepare(log, network);
  const process = clock.process();
  const reader = log.reader(process, assignment);
  const runtime = new FoldAndPay({
    duty: detectorDuty(DEFAULT_POLICY),
    policy: DEFAULT_POLICY,
    reader,
    opener: appendingOpener(log.appender(process)),
    clock: process,
    random: () => 0.5,
    onSignal: () => undefined,
  });
  await runtime.start();
  const failures: unknown[] = [];
  const stopping = new AbortController();
  const options = {
    appender: log.appender(process),
    clock: process,
    tickEveryMs: EVERY_MS,
    instanceId: 'd1',
    onFailed: (error: unknown) => failures.push(error),
  };
  // The parts of a process come to life before its first tick.
  await clock.advance(0);
  const ticker = runTicker(runtime, options, stopping.signal);
  await clock.advance(0);
  const ticks = (partition = 0): number[] =>
    log.committed(partition).records.map(({ brokerMs }) => brokerMs - 1_700_000_000_000);
  return { clock, network, log, reader, process, stopping, ticker, failures, ticks };
};

const aBarrier = (log: MemoryLog, partition: number): void => {
  log.write({
    id: 'barrier',
    profileId: null,
    partition,
    event: { type: 'AuthorityEpochStarted', foldVersion: 1, instanceId: 'a1' },
  });
};

describe('the ticker', () => {
  it('sends one tick per interval into every partition in hand, each with an id of its own', async () => {
    const { clock, log, ticks } = await started();
    await clock.advance(3_500);
    expect(ticks(0)).toEqual([0, 1_000, 2_000, 3_000]);
    expect(ticks(1)).toEqual([0, 1_000, 2_000, 3_000]);
    const ids = [0, 1].flatMap((partition) => log.committed(partition).records.map(({ id }) => id));
    expect(new Set(ids).size).toBe(8);
    expect(log.committed(0).records[0]?.event).toEqual({
      type: 'ClockTicked',
      intervalMs: EVERY_MS,
      epoch: -1,
    });
  });

  it('sends none before its last one has come back, so that a log that cannot be read does not age', async () => {
    const { clock, network, ticks } = await started();
    network.fetchDelayMs = 2_500;
    await clock.advance(10_500);
    expect(ticks()).toEqual([0, 1_000, 4_000, 7_000, 10_000]);
  });

  it('sends none into a partition that is still restoring, and does not make up for them', async () => {
    const { clock, ticks } = await started((log, network) => {
      aBarrier(log, 1);
      network.fetchDelayMs = 3_200;
    });
    expect(ticks(0)).toEqual([0]);
    await clock.advance(3_900);
    expect(ticks(1)).toEqual([0]);
    await clock.advance(1_000);
    expect(ticks(1)).toEqual([0, 4_000]);
  });

  it('sends none behind an open transaction', async () => {
    const { clock, log, ticks } = await started();
    await clock.advance(500);
    const transaction = log.partition(0).begin();
    await clock.advance(5_000);
    log.partition(0).finish(transaction, true);
    await clock.advance(600);
    expect(ticks(0)).toEqual([0, 1_000, 6_000]);
    expect(ticks(1)).toHaveLength(7);
  });

  it('tells of a tick in doubt and sends another one interval later', async () => {
    const { clock, network, ticks, failures } = await started();
    network.next('append', LOST);
    await clock.advance(2_500);
    expect(failures).toHaveLength(1);
    expect(ticks()).toEqual([0, 2_000]);
  });

  it('that comes late is sent once, and the next an interval later', async () => {
    const { clock, network, ticks } = await started();
    network.next('append', { sendMs: 0, reachMs: 2_700, isAnswered: true, answerMs: 0 });
    await clock.advance(6_000);
    expect(ticks()).toEqual([0, 3_700, 3_700, 4_700, 5_700]);
  });

  it('goes on in the other partitions while one cannot be written', async () => {
    const clock = new VirtualClock();
    const views = [0, 1].map((partition) => ({ mayAct: true, state: emptyPartition(partition) }));
    const sent = new Map<number, number>();
    const append: Appender['append'] = (ticks) => {
      for (const { partition = -1 } of ticks) sent.set(partition, (sent.get(partition) ?? 0) + 1);
      return ticks.some(({ partition }) => partition === 0)
        ? new Promise(() => undefined)
        : Promise.resolve([-1]);
    };
    const options = {
      appender: { append, close: () => Promise.resolve() },
      clock,
      tickEveryMs: EVERY_MS,
      instanceId: 'd1',
    };
    const runtime = { views: () => views } as unknown as Parameters<typeof runTicker>[0];
    const failures: unknown[] = [];
    void runTicker(
      runtime,
      { ...options, onFailed: (error) => failures.push(error) },
      new AbortController().signal,
    );
    await clock.advance(6_500);
    expect([sent.get(0), sent.get(1), failures]).toEqual([1, 7, []]);
  });

  it('sends none while the group has not confirmed its partitions for a session', async () => {
    const { clock, network, ticks } = await started(undefined, { groupId: 'detectors' });
    await clock.advance(3_500);
    expect(ticks().length).toBeGreaterThan(1);
    network.always('heartbeat', LOST);
    await clock.advance(10_000);
    const before = ticks().length;
    await clock.advance(10_000);
    expect(ticks()).toHaveLength(before);
    network.always('heartbeat', null);
    await clock.advance(10_000);
    expect(ticks().length).toBeGreaterThan(before);
  });

  it('sends none for a partition that was taken away, and ends when it is told to', async () => {
    const { clock, reader, ticks, stopping, ticker } = await started();
    reader.assign([1]);
    await clock.advance(1_500);
    expect([ticks(0), ticks(1)]).toEqual([[0], [0, 1_000]]);
    stopping.abort();
    await ticker;
    await clock.advance(5_000);
    expect(ticks(1)).toHaveLength(2);
  });
});
