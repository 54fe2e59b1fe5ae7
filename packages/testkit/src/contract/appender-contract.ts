import { describe, expect, it } from 'vitest';
import { heartbeat, idsOf, oversize, tick, ticks, unencodable } from './events.ts';
import { opened, type OpenLog } from './log-under-test.ts';
import { committed } from './recorder.ts';

/** Keys with the hashes that Kafka's own tests give them (`UtilsTest.testMurmur2`). */
const MURMUR2: Readonly<Record<string, number>> = {
  '21': -973_932_308,
  foobar: -790_332_482,
  'a-little-bit-long-string': -985_981_536,
  'a-little-bit-longer-string': -1_486_304_829,
  lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8: -58_897_971,
  abc: 479_470_107,
};
const PARTITIONS = 5;

export const appenderContract = (open: OpenLog): void => {
  describe('an appender', () => {
    it('names the offset of each event, each in its own partition', async () => {
      const log = await opened(open, 3);
      const sent = [tick(1, 2), tick(1, 0), tick(2, 2), tick(1, 1), tick(3, 2)];
      expect(await log.appender().append(sent)).toEqual([0, 0, 1, 0, 2]);
      for (const partition of [0, 1, 2]) {
        const ours = sent.filter((event) => event.partition === partition);
        expect(idsOf(await committed(log, partition))).toEqual(idsOf(ours as never));
      }
    });

    it('keeps the order of its calls, although none waits for the one before', async () => {
      const log = await opened(open);
      const appender = log.appender();
      const sent = ticks(1, 40);
      const offsets = await Promise.all(sent.map((event) => appender.append([event])));
      expect(offsets.flat()).toEqual(sent.map((_event, offset) => offset));
      expect(idsOf(await committed(log))).toEqual(sent.map(({ id }) => id));
    });

    it('puts each key where Kafka itself would put it', async () => {
      const log = await opened(open, PARTITIONS);
      await log.appender().append(Object.keys(MURMUR2).map((key) => heartbeat(1, key)));
      const places: Record<string, number> = {};
      for (let partition = 0; partition < PARTITIONS; partition += 1)
        for (const { profileId } of await committed(log, partition)) places[profileId ?? ''] = partition;
      const expected = Object.entries(MURMUR2).map(([key, hash]) => [key, (hash & 0x7fffffff) % PARTITIONS]);
      expect(places).toEqual(Object.fromEntries(expected));
    });

    it('hands every event out as it was given', async () => {
      const log = await opened(open);
      const sent = [heartbeat(1), tick(1)];
      await log.appender().append(sent);
      const records = await committed(log);
      expect(records).toEqual([
        {
          partition: 0,
          offset: 0,
          brokerMs: records[0]?.brokerMs,
          profileId: 'profile-1',
          id: sent[0]?.id,
          event: sent[0]?.event,
        },
        {
          partition: 0,
          offset: 1,
          brokerMs: records[1]?.brokerMs,
          profileId: null,
          id: sent[1]?.id,
          event: sent[1]?.event,
        },
      ]);
      expect(records.every(({ brokerMs }) => Number.isSafeInteger(brokerMs) && brokerMs > 1e12)).toBe(true);
    });

    it.each([
      ['that no codec takes', unencodable(2)],
      ['that is too long', oversize()],
      ['without profile and partition', { id: 'lost', profileId: null, event: tick(1).event }],
      ['whose key belongs elsewhere', { ...heartbeat(1, '21'), partition: 1 }],
      ['of a partition that does not exist', tick(1, 2)],
    ])('refuses an event %s with all that came with it, and goes on', async (_what, bad) => {
      const log = await opened(open, 2);
      const appender = log.appender();
      await expect(appender.append([tick(1), bad])).rejects.toThrow();
      expect(await appender.append([tick(3)])).toEqual([0]);
      expect(idsOf(await committed(log))).toEqual(['tick.0.3']);
    });

    it('sends what it was given before it was closed, and takes nothing after', async () => {
      const log = await opened(open);
      const appender = log.appender();
      const last = appender.append([tick(1)]);
      await appender.close();
      expect(await last).toEqual([0]);
      await expect(appender.append([tick(2)])).rejects.toThrow();
      expect(idsOf(await committed(log))).toEqual(['tick.0.1']);
    });
  });
};
