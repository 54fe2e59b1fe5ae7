import { afterEach, describe, expect, it } from 'vitest';
import { createKafka } from './connection.ts';
import { EpochLostError } from './epoch-error.ts';
import { EventRefusedError } from './event-encoder.ts';
import { barrier, freshLog, heartbeat, idsOf, never, tick } from './log-fixture.ts';
import { END_TXN, PRODUCE, lossySockets } from './lossy-socket.ts';
import type { KafkaSignal } from './signal.ts';
import type { Epoch } from '@profile-warden/events';

describe('an epoch of a partition', () => {
  const open: Epoch[] = [];
  afterEach(async () => {
    await Promise.all(open.splice(0).map((epoch) => epoch.close()));
  });
  const keep = <T extends Epoch>(epoch: T): T => {
    open.push(epoch);
    return epoch;
  };

  it('begins with its barrier and returns the offset of each committed event', async () => {
    const log = await freshLog();
    const epoch = keep(await log.epochs().takeOver(0, barrier('a'), never));
    const first = await epoch.commit([tick(1), tick(2)]);
    const second = await epoch.commit([tick(3)]);
    const records = await log.scan();
    expect(idsOf(records)).toEqual(['barrier.0.a', 'tick.0.1', 'tick.0.2', 'tick.0.3']);
    expect(records.map(({ offset }) => offset)).toEqual([epoch.epoch, ...first, ...second]);
  });

  it('commits a thousand events as one, and more bytes than fit into one batch', async () => {
    const log = await freshLog();
    const epoch = keep(await log.epochs().takeOver(0, barrier('a'), never));
    const profile = 'p'.repeat(120);
    const events = Array.from({ length: 1000 }, (_, seq) => ({
      ...heartbeat(seq, profile),
      id: `${seq}.`.padEnd(250, 'x'),
      event: { ...heartbeat(seq).event, incarnation: 'i'.repeat(64) } as never,
    }));
    const offsets = await epoch.commit(events);
    const records = await log.scan();
    expect(records).toHaveLength(1001);
    expect(records.slice(1).map(({ offset }) => offset)).toEqual(offsets);
  });

  it('ends when another takes the partition over: its next commit is refused and leaves nothing', async () => {
    const log = await freshLog();
    const zombie = keep(await log.epochs().takeOver(0, barrier('old'), never));
    await zombie.commit([tick(1)]);
    const next = keep(await log.epochs().takeOver(0, barrier('new'), never));
    const refused = await zombie.commit([tick(2)]).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(EpochLostError);
    expect((refused as EpochLostError).reason).toBe('fenced');
    await expect(zombie.commit([tick(3)])).rejects.toThrow(EpochLostError);
    await next.commit([tick(4)]);
    expect(idsOf(await log.scan())).toEqual(['barrier.0.old', 'tick.0.1', 'barrier.0.new', 'tick.0.4']);
  });

  it('leaves the other partitions to their writers', async () => {
    const log = await freshLog(2);
    const zero = keep(await log.epochs().takeOver(0, barrier('a', 0), never));
    const one = keep(await log.epochs().takeOver(1, barrier('b', 1), never));
    await expect(zero.commit([tick(1, 0)])).resolves.toHaveLength(1);
    await expect(one.commit([tick(1, 1)])).resolves.toHaveLength(1);
  });

  it('drops what a dead writer had sent and not committed, and lets readers go on at once', async () => {
    const log = await freshLog();
    const dead = createKafka(log.connection, { requestTimeoutMs: 5000, retry: {} }).producer({
      transactionalId: `spec.lease-authority.${log.topic}.0`,
      transactionTimeout: 60_000,
    });
    await dead.connect();
    const transaction = await dead.transaction();
    await transaction.send({
      topic: log.topic,
      messages: [{ partition: 0, key: null, value: Buffer.from('half') }],
    });
    await dead.disconnect();
    const begun = performance.now();
    const epoch = keep(await log.epochs().takeOver(0, barrier('heir'), never));
    await epoch.commit([tick(1)]);
    expect(performance.now() - begun).toBeLessThan(5_000);
    expect(idsOf(await log.scan())).toEqual(['barrier.0.heir', 'tick.0.1']);
  });

  it('is dead and unsure after a lost answer to its commit; the heir finds the events there once', async () => {
    const log = await freshLog();
    const sockets = lossySockets();
    const signals: KafkaSignal[] = [];
    const connection = { ...log.connection, socketFactory: sockets.factory };
    const writer = log.epochs({ connection, onSignal: (signal) => signals.push(signal) });
    const epoch = keep(await writer.takeOver(0, barrier('a'), never));
    sockets.loseNextAnswerTo(END_TXN);
    const error = await epoch.commit([tick(1)]).catch((reason: unknown) => reason);
    expect(sockets.lost()).toBe(1);
    expect(error).toBeInstanceOf(EpochLostError);
    expect((error as EpochLostError).reason).toBe('unknown');
    const heir = keep(await log.epochs().takeOver(0, barrier('b'), never));
    await heir.commit([tick(2)]);
    expect(idsOf(await log.scan())).toEqual(['barrier.0.a', 'tick.0.1', 'barrier.0.b', 'tick.0.2']);
    expect(signals.map(({ type }) => type)).toEqual(['epoch-started', 'epoch-lost']);
  });

  it('has each event once after a lost answer to a send', async () => {
    const log = await freshLog();
    const sockets = lossySockets();
    const epoch = keep(
      await log
        .epochs({ connection: { ...log.connection, socketFactory: sockets.factory } })
        .takeOver(0, barrier('a'), never),
    );
    sockets.loseNextAnswerTo(PRODUCE);
    const outcome = await epoch.commit([tick(1), tick(2)]).catch(() => 'lost');
    expect(sockets.lost()).toBe(1);
    const heir = keep(await log.epochs().takeOver(0, barrier('b'), never));
    const committed = outcome === 'lost' ? [] : ['tick.0.1', 'tick.0.2'];
    expect(idsOf(await log.scan())).toEqual(['barrier.0.a', ...committed, 'barrier.0.b']);
    expect(heir.epoch).toBeGreaterThan(epoch.epoch);
  });

  it('refuses an event of another partition, an oversized transaction and a broken event, and goes on', async () => {
    const log = await freshLog(2);
    const writer = log.epochs({ transactionCountMax: 2 });
    const broken = { ...tick(1), event: { ...tick(1).event, intervalMs: 'soon' } as never };
    for (const [events, error] of [
      [[tick(1, 1)], RangeError],
      [[tick(1), tick(2), tick(3)], RangeError],
      [[tick(1), broken], EventRefusedError],
    ] as const) {
      const epoch = keep(await writer.takeOver(0, barrier('a'), never));
      await expect(epoch.commit(events)).rejects.toThrow(error);
      await epoch.commit([tick(9)]);
    }
    const round = ['barrier.0.a', 'tick.0.9'];
    expect(idsOf(await log.scan())).toEqual([...round, ...round, ...round]);
  });

  it('answers two hundred commits in a row without the long pauses of the library', async () => {
    const log = await freshLog();
    const epoch = keep(await log.epochs().takeOver(0, barrier('a'), never));
    const begun = performance.now();
    for (let seq = 0; seq < 200; seq += 1) await epoch.commit([tick(seq)]);
    expect((performance.now() - begun) / 200).toBeLessThan(100);
  });

  it('takes nothing over once the signal has aborted', async () => {
    const log = await freshLog();
    const gone = AbortSignal.abort(new Error('partition lost'));
    await expect(log.epochs().takeOver(0, barrier('a'), gone)).rejects.toThrow('partition lost');
    expect(await log.scan()).toEqual([]);
  });
});
