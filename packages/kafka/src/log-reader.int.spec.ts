import { afterEach, describe, expect, it } from 'vitest';
import type { LogListener, LogRange, LogRecord } from '@profile-warden/events';
import { createKafka } from './connection.ts';
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
import { KafkaLogReader, type LogReaderOptions } from './log-reader.ts';
import { partitionOf } from './partition.ts';
import type { KafkaSignal } from './signal.ts';
import { withAdmin } from './topic.ts';
import { WriterSchemas } from './writer-schemas.ts';

/** Folds nothing, remembers everything: what was seen, up to where, and whether a call came at a wrong time. */
class Recorder implements LogListener {
  readonly seen = new Map<number, LogRecord[]>();
  readonly position = new Map<number, number>();
  readonly ranges = new Map<number, LogRange>();
  readonly wrong: string[] = [];
  readonly #busy = new Set<number>();
  from: (partition: number) => number = () => 0;
  restoreMs = 0;

  get owned(): number[] {
    return [...this.position.keys()].sort((a, b) => a - b);
  }

  async assigned(partition: number, range: LogRange, signal: AbortSignal): Promise<{ from: number }> {
    this.ranges.set(partition, range);
    if (this.#busy.has(partition)) this.wrong.push(`assigned ${partition} beside another call`);
    this.#busy.add(partition);
    if (this.restoreMs > 0) await new Promise((resolve) => setTimeout(resolve, this.restoreMs));
    this.#busy.delete(partition);
    if (!signal.aborted) this.position.set(partition, this.from(partition));
    return { from: this.from(partition) };
  }

  revoked(partition: number): void {
    this.position.delete(partition);
  }

  async records(partition: number, records: readonly LogRecord[], nextOffset: number): Promise<void> {
    if (this.#busy.has(partition)) this.wrong.push(`records ${partition} beside another call`);
    if (!this.position.has(partition)) this.wrong.push(`records ${partition} while not owned`);
    this.#busy.add(partition);
    await Promise.resolve();
    this.seen.set(partition, [...(this.seen.get(partition) ?? []), ...records]);
    this.position.set(partition, nextOffset);
    this.#busy.delete(partition);
  }
}

describe('a reader of the log', () => {
  const running: KafkaLogReader[] = [];
  afterEach(async () => {
    await Promise.all(running.splice(0).map((reader) => reader.stop()));
  });

  async function read(
    log: LogFixture,
    listener: LogListener,
    assignment: LogReaderOptions['assignment'],
    options: Partial<LogReaderOptions> = {},
  ): Promise<KafkaLogReader> {
    const reader = new KafkaLogReader({ ...log, assignment, sessionMs: 6000, ...options });
    running.push(reader);
    await reader.start(listener);
    return reader;
  }

  it('reaches the end of the log although it ends in markers and aborted records', async () => {
    const log = await freshLog();
    const epoch = await log.epochs().takeOver(0, barrier('a'), never);
    await epoch.commit([tick(1)]);
    await epoch.close();
    const producer = createKafka(log.connection, { requestTimeoutMs: 5000, retry: {} }).producer({
      transactionalId: `foreign.${log.topic}`,
    });
    await producer.connect();
    for (let round = 0; round < 3; round += 1) {
      const transaction = await producer.transaction();
      await transaction.send({
        topic: log.topic,
        messages: [{ partition: 0, value: Buffer.from('aborted') }],
      });
      await transaction.abort();
    }
    await producer.disconnect();
    const listener = new Recorder();
    await read(log, listener, { partitions: [0] });
    await eventually(() => (listener.position.get(0) ?? 0) === (listener.ranges.get(0)?.end ?? -1));
    expect(listener.ranges.get(0)?.end).toBe(10);
    expect(idsOf(listener.seen.get(0) ?? [])).toEqual(['barrier.0.a', 'tick.0.1']);
    expect(listener.wrong).toEqual([]);
  });

  it('waits behind an open transaction and passes it when that has ended', async () => {
    const log = await freshLog();
    const producer = createKafka(log.connection, { requestTimeoutMs: 5000, retry: {} }).producer({
      transactionalId: `slow.${log.topic}`,
    });
    await producer.connect();
    const transaction = await producer.transaction();
    await transaction.send({ topic: log.topic, messages: [{ partition: 0, value: Buffer.from('open') }] });
    const appender = log.appender();
    await appender.append([heartbeat(1)]);
    const listener = new Recorder();
    const reader = await read(log, listener, { partitions: [0] });
    await eventually(() => listener.ranges.has(0));
    // A fetch that finds nothing to show is answered late; until then nothing is known.
    await eventually(() => reader.watermarks().has(0));
    expect(listener.ranges.get(0)).toEqual({ start: 0, end: 2 });
    expect(listener.seen.get(0)).toBeUndefined();
    expect(reader.watermarks().get(0)).toEqual({ position: 0, stable: 0, high: 2 });
    await transaction.abort();
    await eventually(() => (listener.position.get(0) ?? 0) >= 3);
    expect(idsOf(listener.seen.get(0) ?? [])).toEqual(['beat.profile-1.1']);
    await Promise.all([producer.disconnect(), appender.close()]);
  });

  it('begins where the listener says, whatever the group has committed', async () => {
    const log = await freshLog();
    const appender = log.appender();
    await appender.append([heartbeat(1), heartbeat(2), heartbeat(3)]);
    await withAdmin(log.connection, (admin) =>
      admin.setOffsets({
        groupId: `g.${log.topic}`,
        topic: log.topic,
        partitions: [{ partition: 0, offset: '3' }],
      }),
    );
    const listener = new Recorder();
    listener.from = () => 1;
    await read(log, listener, { groupId: `g.${log.topic}` });
    await eventually(() => listener.seen.get(0)?.length === 2);
    expect(idsOf(listener.seen.get(0) ?? [])).toEqual(['beat.profile-1.2', 'beat.profile-1.3']);
    await appender.close();
  });

  it('stays a member while it restores for longer than a session', async () => {
    const log = await freshLog(2);
    const listener = new Recorder();
    listener.restoreMs = 8_000;
    let joined = 0;
    const reader = await read(
      log,
      listener,
      { groupId: `g.${log.topic}` },
      { onSignal: ({ type }) => (joined += type === 'group-joined' ? 1 : 0) },
    );
    const appender = log.appender();
    await appender.append([heartbeat(1)]);
    const partition = partitionOf('profile-1', 2);
    await eventually(() => listener.seen.get(partition)?.length === 1, 20_000);
    expect(joined).toBe(1);
    await expect(reader.confirmOwned(partition)).resolves.toBe(true);
    await appender.close();
  });

  it('may not act for a partition once a session has passed since the heartbeat that was answered last', async () => {
    const log = await freshLog();
    const listener = new Recorder();
    const reader = await read(log, listener, { groupId: `g.${log.topic}` });
    await eventually(() => listener.owned.length === 1);
    expect(reader.mayAct(0)).toBe(true);
    expect(reader.mayAct(1)).toBe(false);
    // As a process that was stopped: nothing of it runs, not even what would tell that its heartbeats are late.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 6_200);
    expect(reader.mayAct(0)).toBe(false);
    await eventually(() => reader.mayAct(0));
    expect(listener.wrong).toEqual([]);
  });

  it('leaves the group at once, so that the other member has the partitions within two heartbeats', async () => {
    const log = await freshLog(2);
    const [one, two] = [new Recorder(), new Recorder()];
    const groupId = `g.${log.topic}`;
    const first = await read(log, one, { groupId });
    await eventually(() => one.owned.length === 2);
    await read(log, two, { groupId });
    await eventually(() => one.owned.length === 1 && two.owned.length === 1);
    const since = performance.now();
    running.splice(running.indexOf(first), 1);
    await first.stop();
    await eventually(() => two.owned.length === 2);
    // 600 ms at most where nothing else is busy; a session lasts six seconds.
    expect(performance.now() - since).toBeLessThan(3_000);
  });

  it('hands partitions over between two members, none read by both and no record missed', async () => {
    const log = await freshLog(6);
    const appender = log.appender();
    const [one, two] = [new Recorder(), new Recorder()];
    const groupId = `g.${log.topic}`;
    const first = await read(log, one, { groupId });
    await eventually(() => one.owned.length === 6);
    const kept = new Set(one.owned);
    await read(log, two, { groupId });
    await eventually(() => one.owned.length === 3 && two.owned.length === 3);
    expect([...one.owned, ...two.owned].sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5]);
    for (const partition of one.owned) expect(kept.has(partition)).toBe(true);
    await appender.append(Array.from({ length: 60 }, (_, seq) => heartbeat(1, `profile-${seq}`)));
    const count = (recorder: Recorder): number =>
      [...recorder.seen.values()].reduce((sum, records) => sum + records.length, 0);
    await eventually(() => count(one) + count(two) === 60);
    running.splice(running.indexOf(first), 1);
    await first.stop();
    await expect(first.confirmOwned(0)).resolves.toBe(false);
    await eventually(() => two.owned.length === 6);
    await eventually(() => count(two) === 60);
    expect([...one.wrong, ...two.wrong]).toEqual([]);
    await appender.close();
  });

  it('fails when the listener fails, is asked to begin before the log, or the log lacks the position', async () => {
    const log = await freshLog();
    const appender = log.appender();
    await appender.append([heartbeat(1)]);
    const broken = new Recorder();
    broken.records = () => Promise.reject(new Error('cannot fold'));
    const failing = await read(log, broken, { partitions: [0] });
    await expect(failing.failed).rejects.toMatchObject({ code: 'listener-failed' });
    const beyond = new Recorder();
    beyond.from = () => 900;
    const lost = await read(log, beyond, { partitions: [0] });
    await expect(lost.failed).rejects.toMatchObject({ code: 'offset-out-of-range' });
    expect(beyond.owned).toEqual([]);
    await withAdmin(log.connection, async (admin) => {
      await admin.fetchTopicOffsets(log.topic);
      await admin.deleteTopicRecords({ topic: log.topic, partitions: [{ partition: 0, offset: '1' }] });
    });
    const late = await read(log, new Recorder(), { partitions: [0] });
    await expect(late.failed).rejects.toMatchObject({ code: 'log-start-beyond-position' });
    await appender.close();
  });

  it('delivers foreign and undecodable records, and stops at an authority event that it cannot read', async () => {
    const log = await freshLog();
    const producer = createKafka(log.connection, { requestTimeoutMs: 5000, retry: {} }).producer();
    await producer.connect();
    const broken = Buffer.concat([header(log.schemaIds.get('Heartbeat')), Buffer.from([0xff])]);
    const headers = { ce_id: 'x', ce_source: 's', ce_specversion: '1.0' };
    const send = (value: Buffer, ceType: string, key: string | null) =>
      producer.send({
        topic: log.topic,
        messages: [{ partition: 0, key, value, headers: { ...headers, ce_type: ceType } }],
      });
    await send(Buffer.from('hello'), 'Greeting', 'profile-1');
    await send(broken, 'Heartbeat', 'profile-1');
    const listener = new Recorder();
    const reader = await read(log, listener, { partitions: [0] });
    await eventually(() => listener.seen.get(0)?.length === 2);
    expect(listener.seen.get(0)?.map(({ event }) => event.type)).toEqual(['foreign', 'undecodable']);
    const grant = Buffer.concat([header(log.schemaIds.get('LeaseGranted')), Buffer.from([0xff])]);
    await send(grant, 'LeaseGranted', 'profile-1');
    await expect(reader.failed).rejects.toMatchObject({ code: 'authority-event-undecodable' });
    expect(listener.seen.get(0)).toHaveLength(2);
    await producer.disconnect();
  });

  it('holds a partition at a schema id it cannot resolve, and goes on when the registry knows it', async () => {
    const log = await freshLog();
    const appender = log.appender();
    await appender.append([heartbeat(1)]);
    let isThere = false;
    const signals: KafkaSignal[] = [];
    const schemas = new WriterSchemas(
      new Map(),
      {
        schemaById: (id) => (isThere ? log.registry.schemaById(id) : Promise.reject(new Error('away'))),
      },
      (signal) => signals.push(signal),
    );
    const listener = new Recorder();
    await read(log, listener, { partitions: [0] }, { schemas });
    await eventually(() => signals.length >= 2);
    expect(listener.seen.get(0)).toBeUndefined();
    isThere = true;
    await eventually(() => listener.seen.get(0)?.length === 1);
    expect(signals.map(({ type }) => type)).toContain('schema-resolved');
    await appender.close();
  });
});

function header(id: number | undefined): Buffer {
  const bytes = Buffer.alloc(5);
  bytes.writeInt32BE(id ?? 0, 1);
  return bytes;
}
