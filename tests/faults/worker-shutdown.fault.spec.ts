import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Holder } from './holder.fixture.ts';
import { useFaultWorld } from './shared-world.fixture.ts';
import { WORKER_POLICY } from './worker-policy.fixture.ts';

const BOUND_MS = 120_000;
const PROCESS_COUNT = 4;
const LEASE_COUNT = 50;
const TOTAL = PROCESS_COUNT * LEASE_COUNT;
const WORK_MS = 15_000;

describe('4 processes of 50 leases that shut down in the middle of their tasks', () => {
  const opened = useFaultWorld({ policy: WORKER_POLICY });

  it('finish what they are at, record a checkpoint, close and release: nobody has to recover anything', async () => {
    const { world } = opened;
    await using stack = new AsyncDisposableStack();
    const holders: Holder[] = [];
    for (let index = 0; index < PROCESS_COUNT; index += 1)
      holders.push(stack.use(await Holder.start(world, `down-${index}`, LEASE_COUNT, { actEveryMs: 1_500 })));
    await Promise.all(holders.map((holder) => holder.until('holding', BOUND_MS)));
    await sleep(WORK_MS);
    for (const holder of holders) holder.order({ do: 'shut-down' });
    await Promise.all(holders.map((holder) => holder.until('shut-down', BOUND_MS)));

    const journal = holders.flatMap((holder) => holder.journal);
    expect(journal.filter(({ did }) => did === 'failed' || did === 'lost')).toEqual([]);
    const { records, states } = await world.expectSound(TOTAL);
    const events = [...records.values()].flat();
    const of = (type: string) => events.filter(({ event }) => event.type === type);
    expect([...of('Quarantined'), ...of('Decided'), ...of('EvidenceCollected')]).toEqual([]);
    expect(of('LeaseReleased')).toHaveLength(TOTAL);
    const releases = of('ReleaseRequested').map(({ event }) =>
      event.type === 'ReleaseRequested' ? `${event.outcome} ${event.browserClosed}` : '',
    );
    expect(releases).toEqual(Array.from({ length: TOTAL }, () => 'cancelled confirmed'));
    // Every checkpoint that a worker believes in is in the log, the one of the shutdown as the last of each lease.
    const kept = events.flatMap(({ event, profileId }) =>
      event.type === 'StepCompleted' && event.outcome === 'ok' && event.checkpoint !== null
        ? [`${profileId} ${event.checkpoint.name}`]
        : [],
    );
    const believed = journal
      .filter(({ did }) => did === 'checkpoint')
      .map((line) => `${line.profileId} ${line.detail}`);
    expect(believed.filter((one) => one.endsWith(' shutdown'))).toHaveLength(TOTAL);
    expect(believed.filter((one) => !kept.includes(one))).toEqual([]);
    const stages = [...states.values()].flatMap(({ profiles }) => [...profiles.values()]);
    expect(new Set(stages.map(({ stage }) => stage.kind))).toEqual(new Set(['available']));
  });
});
