import { afterEach, describe, expect, it } from 'vitest';
import type { LogRecord } from '@profile-warden/events';
import {
  barrier,
  eventually,
  freshLog,
  heartbeat,
  idsOf,
  never,
  tick,
  type LogFixture,
} from './log-fixture.ts';
import { readPartition } from './partition-scan.ts';
import { KafkaTailReader } from './tail-reader.ts';

describe('a tail reader', () => {
  const running: KafkaTailReader[] = [];
  afterEach(async () => {
    await Promise.all(running.splice(0).map((reader) => reader.stop()));
  });

  function tail(log: LogFixture): { reader: KafkaTailReader; seen: LogRecord[] } {
    const seen: LogRecord[] = [];
    const reader = new KafkaTailReader(log);
    running.push(reader);
    reader.start((record) => seen.push(record));
    return { reader, seen };
  }

  it('sees what is appended after it follows, and nothing from before or of other partitions', async () => {
    const log = await freshLog(2);
    const appender = log.appender();
    await appender.append([tick(1, 0), tick(1, 1)]);
    const { reader, seen } = tail(log);
    await expect(reader.follow(0)).resolves.toEqual({ from: 1 });
    await appender.append([tick(2, 0), tick(2, 1)]);
    await eventually(() => seen.length === 1);
    await appender.append([tick(3, 0)]);
    await eventually(() => seen.length === 2);
    expect(idsOf(seen)).toEqual(['tick.0.2', 'tick.0.3']);
    await appender.close();
  });

  it('hands nothing on after unfollow, and begins again at an offset when told to', async () => {
    const log = await freshLog();
    const appender = log.appender();
    const { reader, seen } = tail(log);
    await reader.follow(0);
    await appender.append([tick(1)]);
    await eventually(() => seen.length === 1);
    reader.unfollow(0);
    await appender.append([tick(2)]);
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(seen).toHaveLength(1);
    await reader.follow(0, 0);
    await eventually(() => seen.length === 3);
    expect(idsOf(seen)).toEqual(['tick.0.1', 'tick.0.1', 'tick.0.2']);
    await appender.close();
  });

  it('hands a committed event on within milliseconds, though other partitions are not followed', async () => {
    const log = await freshLog(6);
    const epoch = await log.epochs().takeOver(3, barrier('a', 3), never);
    const { reader, seen } = tail(log);
    await reader.follow(3);
    const latencies: number[] = [];
    for (let seq = 0; seq < 50; seq += 1) {
      const begun = performance.now();
      await epoch.commit([tick(seq, 3)]);
      await eventually(() => seen.length === seq + 1);
      latencies.push(performance.now() - begun);
    }
    latencies.sort((a, b) => a - b);
    expect(latencies[25]).toBeLessThan(50);
    await epoch.close();
  });
});

describe('a scan of a partition', () => {
  it('ends behind trailing markers and stays within the offsets asked for', async () => {
    const log = await freshLog();
    const epoch = await log.epochs().takeOver(0, barrier('a'), never);
    await epoch.commit([tick(1), tick(2), tick(3)]);
    await epoch.close();
    const all = { ...log, partition: 0, onRecord: () => undefined };
    await expect(readPartition(all)).resolves.toEqual({
      range: { start: 0, end: 6 },
      nextOffset: 6,
      recordCount: 4,
    });
    const seen: LogRecord[] = [];
    const part = await readPartition({ ...all, from: 3, to: 4, onRecord: (record) => seen.push(record) });
    expect(idsOf(seen)).toEqual(['tick.0.2']);
    expect(part.nextOffset).toBe(4);
  });

  it('ends at once on an empty partition and fails when it makes no progress', async () => {
    const log = await freshLog();
    const scan = { ...log, partition: 0, onRecord: () => undefined };
    await expect(readPartition(scan)).resolves.toMatchObject({ recordCount: 0, nextOffset: 0 });
    const appender = log.appender();
    await appender.append([heartbeat(1)]);
    await expect(readPartition({ ...scan, to: 5, stalledMsMax: 300 })).rejects.toMatchObject({
      code: 'scan-stalled',
    });
    await appender.close();
  });
});
