import type { LogListener, LogRecord, NewEvent } from '@profile-warden/events';
import { describe, expect, it } from 'vitest';
import { beat } from '../spec/index.ts';
import { LOST, MemoryLog, ScriptedNetwork, UNANSWERED, VirtualClock, late } from './index.ts';

const { signal } = new AbortController();
const TAKEOVER = { type: 'AuthorityEpochStarted', foldVersion: 1, instanceId: 'a1' } as const;

const event = (id: string): NewEvent => ({ id, profileId: 'p1', event: beat() });
const barrier = (id: string): NewEvent => ({ id, profileId: null, partition: 0, event: TAKEOVER });

const started = (options: { readonly fences?: boolean; readonly sessionMs?: number } = {}) => {
  const clock = new VirtualClock();
  const network = new ScriptedNetwork();
  const log = new MemoryLog({ clock, network, ...options });
  const process = clock.process();
  const ids = (): string[] => log.committed(0).records.map(({ id }) => id);
  return { clock, network, log, process, ids };
};

/** A listener that keeps what it is told, and holds up what it is told to. */
const listening = () => {
  const told: string[] = [];
  const records: LogRecord[] = [];
  const positions: number[] = [];
  const gate: { wait: Promise<void> | null } = { wait: null };
  const listener: LogListener = {
    assigned: () => {
      told.push('assigned');
      return Promise.resolve({ from: 0 });
    },
    revoked: () => void told.push('revoked'),
    records: async (_partition, some, nextOffset) => {
      told.push('records');
      await gate.wait;
      records.push(...some);
      positions.push(nextOffset);
      told.push('folded');
    },
  };
  return { listener, told, records, positions, gate };
};

describe('a transaction in memory', () => {
  it('takes an offset for its marker, and hides what follows until that is written', async () => {
    const { clock, network, log, process, ids } = started();
    const epoch = await log.epochWriter(process).takeOver(0, barrier('b1'), signal);
    expect([epoch.epoch, log.partition(0).end]).toEqual([0, 2]);
    network.markerDelayMs = 100;
    expect(await epoch.commit([event('e1'), event('e2')])).toEqual([2, 3]);
    await log.appender(process).append([event('e3')]);
    expect([ids(), log.partition(0).end, log.partition(0).stable]).toEqual([['b1'], 5, 2]);
    await clock.advance(100);
    expect(ids()).toEqual(['b1', 'e1', 'e2', 'e3']);
    expect(log.partition(0).end).toBe(6);
  });

  it('of a former epoch is aborted by the next takeover, and its commit is refused', async () => {
    const { network, log, process, ids } = started();
    const writer = log.epochWriter(process);
    const first = await writer.takeOver(0, barrier('b1'), signal);
    network.next('commit', LOST);
    await expect(first.commit([event('e1')])).rejects.toThrow('unknown');
    expect(log.partition(0).stable).toBe(2);
    const second = await writer.takeOver(0, barrier('b2'), signal);
    expect(ids()).toEqual(['b1', 'b2']);
    await expect(first.commit([event('e2')])).rejects.toThrow();
    await second.commit([event('e3')]);
    expect(ids()).toEqual(['b1', 'b2', 'e3']);
  });

  it('is aborted by its coordinator when nobody ends it', async () => {
    const { clock, network, log, process } = started();
    const epoch = await log.epochWriter(process).takeOver(0, barrier('b1'), signal);
    network.next('commit', LOST);
    await expect(epoch.commit([event('e1')])).rejects.toThrow();
    await clock.advance(9_999);
    expect(log.partition(0).stable).toBe(2);
    await clock.advance(1);
    expect(log.partition(0).stable).toBe(4);
    expect(log.committed(0).records).toHaveLength(1);
  });

  it('may be in the log although its commit failed', async () => {
    const { network, log, process, ids } = started();
    const epoch = await log.epochWriter(process).takeOver(0, barrier('b1'), signal);
    network.next('commit', UNANSWERED);
    await expect(epoch.commit([event('e1')])).rejects.toThrow('unknown');
    expect(ids()).toEqual(['b1', 'e1']);
  });

  it('of a deposed writer lands behind the barrier only where the fence is off', async () => {
    for (const fences of [true, false]) {
      const { clock, network, log, process, ids } = started({ fences });
      const writer = log.epochWriter(process);
      const first = await writer.takeOver(0, barrier('b1'), signal);
      network.next(fences ? 'produce' : 'commit', late(1_000));
      await expect(first.commit([event('e1')])).rejects.toThrow();
      await writer.takeOver(0, barrier('b2'), signal);
      await clock.advance(1_000);
      expect(ids()).toEqual(fences ? ['b1', 'b2'] : ['b1', 'b2', 'e1']);
    }
  });
});

describe('a reader in memory', () => {
  it('is told of markers by a position without records', async () => {
    const { clock, log, process } = started();
    const { listener, records, positions } = listening();
    await log.reader(clock.process(), { partitions: [0] }).start(listener);
    await log.epochWriter(process).takeOver(0, barrier('b1'), signal);
    await clock.advance(0);
    expect([records.length, positions.at(-1)]).toEqual([1, 2]);
  });

  it('may be cut anywhere, and misses nothing', async () => {
    const { clock, network, log } = started();
    for (let count = 0; count < 5; count += 1) log.write(event(`e${count}`));
    network.cutAt = 2;
    const { listener, records, positions } = listening();
    await log.reader(clock.process(), { partitions: [0] }).start(listener);
    await clock.advance(0);
    expect(positions).toEqual([2, 4, 5]);
    expect(records.map(({ id }) => id)).toEqual(['e0', 'e1', 'e2', 'e3', 'e4']);
  });

  it('waits with the next ownership until a call of the former one has returned', async () => {
    const { clock, log } = started();
    log.write(event('e1'));
    const { listener, told, gate } = listening();
    let letGo: () => void = () => undefined;
    gate.wait = new Promise((resolve) => (letGo = resolve));
    const reader = log.reader(clock.process(), { partitions: [0] });
    await reader.start(listener);
    await clock.advance(0);
    reader.assign([]);
    reader.assign([0]);
    await clock.advance(0);
    expect(told).toEqual(['assigned', 'records', 'revoked']);
    letGo();
    await clock.advance(0);
    expect(told).toEqual(['assigned', 'records', 'revoked', 'folded', 'assigned', 'records', 'folded']);
  });

  it('that stands still loses its partitions to another, and learns of it when it goes on', async () => {
    const { clock, log } = started({ sessionMs: 1_000 });
    const [first, second] = [listening(), listening()];
    const process = clock.process();
    const reader = log.reader(process, { groupId: 'g' });
    await reader.start(first.listener);
    await clock.advance(500);
    await log.reader(clock.process(), { groupId: 'g' }).start(second.listener);
    await clock.advance(500);
    expect([first.told, second.told]).toEqual([['assigned'], []]);
    process.pause();
    await clock.advance(2_000);
    expect([first.told, second.told]).toEqual([['assigned'], ['assigned']]);
    process.resume();
    await clock.advance(500);
    expect(first.told).toEqual(['assigned', 'revoked']);
    expect(await reader.confirmOwned(0)).toBe(false);
  });

  it('that was stopped while its line stood still assigns nothing when that goes on', async () => {
    const { clock, log } = started();
    const { listener, told } = listening();
    const line = clock.process();
    line.pause();
    const reader = log.reader(line, { partitions: [0] });
    await reader.start(listener);
    await clock.advance(0);
    const stopped = reader.stop();
    line.resume();
    await stopped;
    await clock.advance(0);
    expect(told).toEqual(['revoked']);
  });
});

describe('a process', () => {
  it('that is dead sends nothing any more; what it had sent lands', async () => {
    const { clock, network, log, process, ids } = started();
    network.next('append', { sendMs: 0, reachMs: 50, isAnswered: true, answerMs: 0 });
    void log.appender(process).append([event('e1')]);
    await clock.advance(10);
    void log.appender(process).append([event('e2')]);
    process.kill();
    await clock.advance(1_000);
    expect(ids()).toEqual(['e1']);
  });

  it('that stands still sends when it goes on', async () => {
    const { clock, log, process, ids } = started();
    process.pause();
    void log.appender(process).append([event('e1')]);
    await clock.advance(1_000);
    expect(ids()).toEqual([]);
    process.resume();
    await clock.advance(0);
    expect(ids()).toEqual(['e1']);
  });
});

describe('an append', () => {
  it('that was given up may land behind later ones', async () => {
    const { clock, network, log, process, ids } = started();
    const appender = log.appender(process);
    network.next('append', late(50));
    await expect(appender.append([event('e1')])).rejects.toThrow('unknown');
    await appender.append([event('e2')]);
    await clock.advance(50);
    expect(ids()).toEqual(['e2', 'e1']);
  });

  it('keeps its order within one producer, and none between two', async () => {
    const { clock, network, log, process, ids } = started();
    const [one, other] = [log.appender(process), log.appender(process)];
    const slow = { sendMs: 0, reachMs: 20, isAnswered: true, answerMs: 0 };
    network.next('append', slow);
    void one.append([event('e1')]);
    void one.append([event('e2')]);
    void other.append([event('e3')]);
    await clock.advance(20);
    expect(ids()).toEqual(['e3', 'e1', 'e2']);
  });
});

describe('a takeover', () => {
  it('that was given up may still depose whoever came after it', async () => {
    const { clock, network, log, process } = started();
    const writer = log.epochWriter(process);
    network.next('init', late(1_000));
    const taking = writer.takeOver(0, barrier('b1'), signal);
    await clock.advance(100);
    const first = await taking;
    await first.commit([event('e1')]);
    await clock.advance(1_000);
    await expect(first.commit([event('e2')])).rejects.toThrow('fenced');
  });
});

describe('records in memory', () => {
  it('come out as the codec reads them, and what it refuses is refused before anything is sent', async () => {
    const { log, process, ids } = started();
    const appender = log.appender(process);
    const tooLong = { ...event('e2'), profileId: 'p'.repeat(10_000) };
    await expect(appender.append([event('e1'), tooLong])).rejects.toMatchObject({
      cause: { name: 'CodecError' },
    });
    expect(ids()).toEqual([]);
    const sent = event('e3');
    await appender.append([sent]);
    const [record] = log.committed(0).records;
    expect(record).toMatchObject({ partition: 0, offset: 0, profileId: 'p1', id: 'e3', event: sent.event });
    expect(record?.event).not.toBe(sent.event);
  });
});
