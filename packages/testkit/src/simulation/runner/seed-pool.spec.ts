import { describe, expect, it } from 'vitest';
import { runSeeds } from './seed-pool.ts';
import type { SeedReport } from './seed-report.ts';
import { Totals } from './totals.ts';

const ENTRY = new URL('./echo-thread.fixture.ts', import.meta.url);

const reportsOf = async (
  first: number,
  count: number,
  threads: number,
  stopsAt: number | null = null,
): Promise<SeedReport[]> => {
  const reports: SeedReport[] = [];
  await runSeeds({ first, count }, { threads, entry: ENTRY, seedMsMax: 1_500 }, (report) => {
    reports.push(report);
    return report.seed !== stopsAt;
  });
  return reports;
};

describe('seeds in threads', () => {
  it('are reported in their order, and add up to the same, however many threads there are', async () => {
    const [one, three] = [await reportsOf(20, 12, 1), await reportsOf(20, 12, 3)];
    expect(one.map(({ seed }) => seed)).toEqual(Array.from({ length: 12 }, (_none, index) => 20 + index));
    expect(three).toEqual(one);
  });

  it('fail one by one where one hangs or takes its thread with it, and go on', async () => {
    const reports = await reportsOf(12, 5, 2);
    expect(reports.map(({ seed, failure }) => [seed, failure?.message.slice(0, 40) ?? null])).toEqual([
      [12, null],
      [13, 'hang: no end within 1500 ms'],
      [14, 'error: the thread that ran it was ended'],
      [15, 'I3: two owners'],
      [16, null],
    ]);
  });

  it('stop when nobody wants to know more', async () => {
    expect((await reportsOf(20, 5_000, 2, 23)).map(({ seed }) => seed)).toEqual([20, 21, 22, 23]);
  });

  it('stop with the signal', async () => {
    const reports: number[] = [];
    const controller = new AbortController();
    await runSeeds(
      { first: 20, count: 1_000_000 },
      { threads: 2, entry: ENTRY, signal: controller.signal },
      (one) => {
        reports.push(one.seed);
        if (reports.length === 3) controller.abort();
        return true;
      },
    );
    expect(reports).toEqual([20, 21, 22]);
  });

  it('take 1 to 64 threads', async () => {
    await expect(reportsOf(1, 1, 0)).rejects.toThrow('threads must be 1 to 64, not 0');
  });
});

describe('the totals', () => {
  const report = (seed: number, failure: SeedReport['failure'] = null): SeedReport => ({
    seed,
    steps: 10,
    records: 300,
    seen: [['acts', 2]],
    failure,
  });
  const failure = { invariant: 'I3', message: 'I3: two owners', atMs: 900 };

  it('end in one line', () => {
    const totals = new Totals();
    totals.add(report(1));
    totals.add(report(2, failure));
    const line = JSON.parse(totals.line(500)) as Record<string, unknown>;
    expect(line).toMatchObject({ seeds: 2, steps: 20, records: 600, violations: 1, seedsPerSecond: 4 });
    expect(line['notCovered']).toContain('Quarantined.cause dual-use');
    expect(line['notCovered']).not.toContain('acts');
    expect(totals.shrinkable).toBe(2);
  });

  it('are good without a violation, and from 1,000 seeds on only when nothing was left out', () => {
    const totals = new Totals();
    for (let seed = 1; seed < 1_000; seed += 1) totals.add(report(seed));
    expect(totals.isGood).toBe(true);
    totals.add(report(1_000));
    expect(totals.isGood).toBe(false);
    totals.add({ ...report(1_001), seen: totals.notCovered.map((what) => [what, 1]) });
    expect(totals.isGood).toBe(true);
    totals.add(report(1_002, failure));
    expect(totals.isGood).toBe(false);
  });
});
