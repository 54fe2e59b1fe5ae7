import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, freshLog, tick, type LogFixture } from './log-fixture.ts';
import { KafkaLogReader } from './log-reader.ts';

const IDLE_MS = 3_000;
const WINDOWS = 3;

/** Share of a core that this process uses, in the quietest of some windows: the first still compiles code. */
const leastShare = async (): Promise<number> => {
  const shares: number[] = [];
  for (let window = 0; window < WINDOWS; window += 1) {
    const before = process.cpuUsage();
    const startedAt = performance.now();
    await new Promise((resolve) => setTimeout(resolve, IDLE_MS));
    const { user, system } = process.cpuUsage(before);
    shares.push((user + system) / 1_000 / (performance.now() - startedAt));
  }
  return Math.min(...shares);
};

describe('an idle process', () => {
  let log: LogFixture;
  const warnings: string[] = [];
  const collect = (warning: Error): void => void warnings.push(warning.name);
  beforeAll(async () => {
    process.on('warning', collect);
    log = await freshLog(6);
  });
  afterAll(() => process.off('warning', collect));

  it('costs next to no processor time with a reader, an appender and an epoch open', async () => {
    const appender = log.appender();
    const epoch = await log
      .epochs()
      .takeOver(
        0,
        { ...tick(0), event: { type: 'AuthorityEpochStarted', foldVersion: 1, instanceId: 'idle' } },
        new AbortController().signal,
      );
    let seenCount = 0;
    const reader = new KafkaLogReader({ ...log, assignment: { groupId: `idle.${log.topic}` } });
    await reader.start({
      assigned: () => Promise.resolve({ from: 0 }),
      revoked: () => undefined,
      records: (_, records) => Promise.resolve(void (seenCount += records.length)),
    });
    await appender.append([tick(1)]);
    await eventually(() => seenCount === 2);
    const share = await leastShare();
    await Promise.all([reader.stop(), epoch.close(), appender.close()]);
    expect(share).toBeLessThan(0.02);
    expect(warnings).not.toContain('TimeoutNegativeWarning');
  });
});
