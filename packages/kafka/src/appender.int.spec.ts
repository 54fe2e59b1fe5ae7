import { describe, expect, it } from 'vitest';
import { AppendError } from './appender.ts';
import { EventRefusedError } from './event-encoder.ts';
import { freshLog, heartbeat, idsOf, tick } from './log-fixture.ts';
import { PRODUCE, lossySockets } from './lossy-socket.ts';
import { partitionOf } from './partition.ts';

describe('an appender', () => {
  it('names the offset of each of a thousand concurrent appends, in order per partition', async () => {
    const log = await freshLog(3);
    const appender = log.appender();
    const appends = Array.from({ length: 1000 }, (_, seq) => {
      const event = heartbeat(seq, `profile-${seq % 50}`);
      return appender.append([event]).then(([offset]) => ({ id: event.id, offset, seq }));
    });
    const done = await Promise.all(appends);
    for (let partition = 0; partition < 3; partition += 1) {
      const ours = done.filter(({ seq }) => partitionOf(`profile-${seq % 50}`, 3) === partition);
      const records = await log.scan(partition);
      expect(idsOf(records)).toEqual(ours.map(({ id }) => id));
      expect(records.map(({ offset }) => offset)).toEqual(ours.map(({ offset }) => offset));
    }
    await appender.close();
  });

  it('neither loses nor doubles an acknowledged event when the answer to a send is lost', async () => {
    const log = await freshLog();
    const sockets = lossySockets();
    const appender = log.appender({ connection: { ...log.connection, socketFactory: sockets.factory } });
    await appender.connect();
    const acknowledged: { id: string; offset: number }[] = [];
    for (let round = 0; round < 5; round += 1) {
      sockets.loseNextAnswerTo(PRODUCE);
      const events = Array.from({ length: 40 }, (_, index) => tick(round * 40 + index));
      await Promise.all(
        events.map(async (event) => {
          const [offset = -1] = await appender.append([event]);
          acknowledged.push({ id: event.id, offset });
        }),
      );
    }
    expect(sockets.lost()).toBe(5);
    const records = await log.scan();
    expect(records).toHaveLength(200);
    const at = new Map(records.map(({ id, offset }) => [id, offset]));
    for (const { id, offset } of acknowledged) expect(at.get(id)).toBe(offset);
    await appender.close();
  });

  it('takes gzip on the way in and hands out the same events', async () => {
    const log = await freshLog();
    const appender = log.appender({ gzip: true });
    await appender.append(Array.from({ length: 100 }, (_, seq) => tick(seq)));
    expect(await log.scan()).toHaveLength(100);
    await appender.close();
  });

  it('refuses more than its queue holds, a broken event and anything after close, and sends the rest', async () => {
    const log = await freshLog();
    const appender = log.appender({ queuedCountMax: 2 });
    const taken = appender.append([tick(1), tick(2)]);
    await expect(appender.append([tick(3)])).rejects.toMatchObject({ code: 'queue-full' });
    await taken;
    const broken = { ...tick(4), event: { ...tick(4).event, intervalMs: -1.5 } };
    await expect(appender.append([tick(4), broken])).rejects.toMatchObject({ index: 1 });
    await expect(appender.append([broken])).rejects.toThrow(EventRefusedError);
    const last = appender.append([tick(5)]);
    await appender.close();
    await expect(last).resolves.toEqual([2]);
    await expect(appender.append([tick(6)])).rejects.toThrow(AppendError);
    expect(idsOf(await log.scan())).toEqual(['tick.0.1', 'tick.0.2', 'tick.0.5']);
  });

  it('says unknown while no broker answers, and goes on with a new producer when one does', async () => {
    const log = await freshLog();
    let isDown = true;
    const sockets = lossySockets();
    const factory: typeof sockets.factory = (config) =>
      sockets.factory({ ...config, port: isDown ? 1 : config.port });
    const signals: string[] = [];
    const appender = log.appender({
      connection: { ...log.connection, socketFactory: factory },
      onSignal: ({ type }) => signals.push(type),
    });
    await expect(appender.append([tick(1)])).rejects.toMatchObject({ code: 'unknown' });
    expect(signals).toEqual(['producer-replaced']);
    isDown = false;
    await expect(appender.append([tick(2)])).resolves.toEqual([0]);
    await appender.close();
  });
});
