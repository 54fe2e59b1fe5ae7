import { kafkaTool } from '@profile-warden/devstack';
import { parts } from '@profile-warden/testkit/parts';
import { afterEach, describe, expect, it } from 'vitest';
import type { LogListener, LogRecord } from '@profile-warden/events';
import { eventually, freshLog, tick, type LogFixture } from './log-fixture.ts';
import { KafkaLogReader, type LogReaderOptions } from './log-reader.ts';
import { withAdmin } from './topic.ts';

describe('a reader at its limits', () => {
  const running: KafkaLogReader[] = [];
  afterEach(async () => {
    await Promise.all(running.splice(0).map((reader) => reader.stop()));
  });

  async function read(
    log: LogFixture,
    records: LogListener['records'],
    options: Partial<LogReaderOptions> = {},
  ): Promise<KafkaLogReader> {
    const assignment = { groupId: `g.${log.topic}` };
    const reader = new KafkaLogReader({ ...log, assignment, sessionMs: 6000, ...options });
    running.push(reader);
    await reader.start({ assigned: () => Promise.resolve({ from: 0 }), revoked: () => undefined, records });
    return reader;
  }

  it('goes on with the other partitions, and as a member, while one is slow', async () => {
    const log = await freshLog(2);
    const appender = log.appender();
    const seen = [0, 0];
    let release: () => void = () => undefined;
    const slow = new Promise<void>((resolve) => (release = resolve));
    const count = (partition: number, records: readonly LogRecord[]): void => {
      seen[partition] = (seen[partition] ?? 0) + records.length;
    };
    let joinCount = 0;
    await read(
      log,
      async (partition, records) => {
        count(partition, records);
        if (partition === 0) await slow;
      },
      { onSignal: ({ type }) => (joinCount += type === 'group-joined' ? 1 : 0) },
    );
    const until = performance.now() + 8_000;
    for (let seq = 0; performance.now() < until; seq += 1) {
      await appender.append([tick(seq, 0), tick(seq, 1)]);
      await eventually(() => seen[1] === seq + 1);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    expect(joinCount).toBe(1);
    expect(seen[0]).toBeLessThan(seen[1] ?? 0);
    release();
    await eventually(() => seen[0] === seen[1]);
    await appender.close();
  });

  it('fails when a call of the listener takes too long', async () => {
    const log = await freshLog();
    const appender = log.appender();
    await appender.append([tick(1)]);
    const reader = await read(log, () => new Promise(() => undefined), { listenerMsMax: 200 });
    await expect(reader.failed).rejects.toMatchObject({ code: 'listener-stalled' });
    await appender.close();
  });

  it('fails when the group refuses it, and is not started again by the library', async () => {
    const log = await freshLog();
    const signals: string[] = [];
    const reader = await read(log, () => Promise.resolve(), {
      // Below what the broker allows.
      sessionMs: 1_000,
      onSignal: ({ type }) => signals.push(type),
    });
    await expect(reader.failed).rejects.toMatchObject({ code: 'membership-lost' });
    expect(reader.mayAct(0)).toBe(false);
    expect(signals).not.toContain('group-joined');
  });

  it('fails when its topic is deleted, and does not wait for ever', async () => {
    const log = await freshLog();
    const reader = await read(log, () => Promise.resolve());
    await withAdmin(log.connection, (admin) => admin.deleteTopics({ topics: [log.topic] }));
    await expect(reader.failed).rejects.toMatchObject({ name: 'LogReadError' });
  });

  it('reads what a foreign producer packed with snappy, since the broker unpacks it', async ({ skip }) => {
    const { brokers, kafkaLibsDir } = parts();
    if (kafkaLibsDir === '') skip('needs the Java tools');
    const log = await freshLog();
    const seen: LogRecord[] = [];
    await read(log, (_, records) => Promise.resolve(void seen.push(...records)));
    const address = ['--bootstrap-server', brokers.join(','), '--topic', log.topic];
    const sent = await kafkaTool(
      kafkaLibsDir,
      'org.apache.kafka.tools.ConsoleProducer',
      [...address, '--compression-codec', 'snappy'],
      { input: 'from elsewhere\n' },
    );
    expect(sent).toMatchObject({ code: 0 });
    await eventually(() => seen.length === 1);
    expect(seen[0]?.event.type).toBe('foreign');
  });
});
