import { afterEach, describe, expect, it } from 'vitest';
import { barrier, freshLog, heartbeat, never, tick, type LogFixture } from './log-fixture.ts';
import { KafkaRecordProbe } from './record-probe.ts';
import { withAdmin } from './topic.ts';

describe('a look at a single record', () => {
  const open: KafkaRecordProbe[] = [];
  afterEach(async () => {
    await Promise.all(open.splice(0).map((probe) => probe.close()));
  });
  const probeOf = (log: LogFixture): KafkaRecordProbe => {
    const probe = new KafkaRecordProbe(log);
    open.push(probe);
    return probe;
  };

  it('finds the record at an offset, or the next one where a marker lies there', async () => {
    const log = await freshLog();
    const epoch = await log.epochs().takeOver(0, barrier('a'), never);
    await epoch.commit([tick(1), tick(2)]);
    await epoch.close();
    const probe = probeOf(log);
    const found = async (offset: number) => {
      const record = await probe.recordFrom(0, offset, never);
      return record === null ? null : [record.offset, record.id];
    };
    expect(await found(0)).toEqual([0, 'barrier.0.a']);
    expect(await found(1)).toEqual([2, 'tick.0.1']);
    expect(await found(3)).toEqual([3, 'tick.0.2']);
    // Behind the last record there is a marker, and behind that nothing.
    expect(await found(4)).toBeNull();
    expect(await found(5)).toBeNull();
    expect(await found(900)).toBeNull();
  });

  it('finds nothing before the beginning of the log', async () => {
    const log = await freshLog();
    const appender = log.appender();
    await appender.append([heartbeat(1), heartbeat(2), heartbeat(3)]);
    await withAdmin(log.connection, async (admin) => {
      await admin.fetchTopicOffsets(log.topic);
      await admin.deleteTopicRecords({ topic: log.topic, partitions: [{ partition: 0, offset: '2' }] });
    });
    const probe = probeOf(log);
    expect(await probe.recordFrom(0, 1, never)).toBeNull();
    expect(await probe.recordFrom(0, 2, never)).toMatchObject({ offset: 2, id: 'beat.profile-1.3' });
    await appender.close();
  });

  it('ends with the signal', async () => {
    const log = await freshLog();
    const over = new AbortController();
    over.abort(new Error('the partition is gone'));
    await expect(probeOf(log).recordFrom(0, 0, over.signal)).rejects.toThrow('the partition is gone');
  });
});
