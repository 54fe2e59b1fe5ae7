import { encodeEvent } from '@profile-warden/events';
import { describe, expect, it } from 'vitest';
import { barrier, heartbeat, idsOf, never, tick, ticks } from './events.ts';
import { eventually, opened, type LogUnderTest, type OpenLog } from './log-under-test.ts';
import { Recorder, gate, started } from './recorder.ts';

const QUIET_MS = 300;

export const readerContract = (open: OpenLog): void => {
  describe('a reader', () => {
    it('brings every record in log order, cut anywhere, and then what is appended meanwhile', async () => {
      const log = await opened(open);
      const appender = log.appender();
      await appender.append(ticks(1, 30));
      const { recorder } = await started(log, { partitions: [0] });
      await eventually(log, 'all are read', () => recorder.position() === 30);
      for (const event of ticks(31, 35)) await appender.append([event]);
      await eventually(log, 'what came later is read', () => recorder.position() === 35);
      expect(idsOf(recorder.seen())).toEqual(ticks(1, 35).map(({ id }) => id));
      expect(recorder.wrong).toEqual([]);
    });

    it('reaches the end of a log that ends in markers and aborted records', async () => {
      const log = await opened(open);
      const epoch = await log.epochWriter().takeOver(0, barrier('a'), never);
      await epoch.commit([tick(1)]);
      const left = await log.leaveOpen(0, [tick(2)]);
      await left.end(false);
      const { recorder } = await started(log, { partitions: [0] });
      await eventually(log, 'the end is reached', () => recorder.position() === 6);
      expect([idsOf(recorder.seen()), recorder.wrong]).toEqual([['barrier.0.a', 'tick.0.1'], []]);
      await eventually(log, 'the range was told', () => recorder.ranges.get(0)?.end === 6);
    });

    it('tells of markers alone by a position without records', async () => {
      const log = await opened(open);
      const { recorder } = await started(log, { partitions: [0] });
      await eventually(log, 'it reads', () => recorder.owned.length === 1);
      const left = await log.leaveOpen(0, [tick(1)]);
      await left.end(false);
      await eventually(log, 'the aborted record is passed', () => recorder.position() === 2);
      expect([recorder.seen(), recorder.wrong]).toEqual([[], []]);
    });

    it('begins where the listener says, once it has said so', async () => {
      const log = await opened(open);
      await log.appender().append(ticks(1, 4));
      const held = gate();
      const recorder = new Recorder();
      recorder.from = () => 2;
      recorder.opening = () => held.passed;
      await started(log, { partitions: [0] }, recorder);
      await eventually(log, 'it is assigned', () => recorder.told.length > 0);
      await log.pass(QUIET_MS);
      expect(recorder.told).toEqual(['assigned 0']);
      held.open();
      await eventually(log, 'the rest is read', () => recorder.position() === 4);
      expect([idsOf(recorder.seen()), recorder.wrong]).toEqual([['tick.0.3', 'tick.0.4'], []]);
    });

    it('may begin at the end of the log, where the next record will be', async () => {
      const log = await opened(open);
      const appender = log.appender();
      await appender.append(ticks(1, 2));
      const recorder = new Recorder();
      recorder.from = () => 2;
      await started(log, { partitions: [0] }, recorder);
      await eventually(log, 'it reads', () => recorder.owned.length === 1);
      await appender.append([tick(3)]);
      await eventually(log, 'the next one is read', () => recorder.position() === 3);
      expect([idsOf(recorder.seen()), recorder.wrong]).toEqual([['tick.0.3'], []]);
    });

    it('calls once at a time for a partition, and lets no other wait for it', async () => {
      const log = await opened(open, 2);
      const appender = log.appender();
      const held = gate();
      const recorder = new Recorder();
      recorder.folding = (partition) => (partition === 0 ? held.passed : Promise.resolve());
      await started(log, { partitions: [0, 1] }, recorder);
      await appender.append([tick(1, 0)]);
      await eventually(log, 'a call hangs', () => recorder.told.includes('records 0'));
      for (const seq of [2, 3]) await appender.append([tick(seq, 0), tick(seq, 1)]);
      await eventually(log, 'the other goes on', () => recorder.position(1) === 2);
      expect(recorder.told.filter((call) => call === 'records 0')).toHaveLength(1);
      held.open();
      await eventually(log, 'it catches up', () => recorder.position(0) === 3);
      expect(recorder.wrong).toEqual([]);
    });

    it('confirms by hand what it was given by hand, and nothing else', async () => {
      const log = await opened(open, 2);
      const { reader, recorder } = await started(log, { partitions: [0] });
      await eventually(log, 'it reads', () => recorder.owned.length === 1);
      expect([await reader.confirmOwned(0), reader.mayAct(0)]).toEqual([true, true]);
      expect([await reader.confirmOwned(1), reader.mayAct(1)]).toEqual([false, false]);
    });

    it('is over after a stop: everything is revoked, and only a call under way has still to end', async () => {
      const log = await opened(open, 2);
      const appender = log.appender();
      const held = gate();
      const recorder = new Recorder();
      recorder.folding = () => held.passed;
      const { reader } = await started(log, { partitions: [0, 1] }, recorder);
      await appender.append([tick(1, 0)]);
      await eventually(log, 'a call hangs', () => recorder.told.includes('records 0'));
      await eventually(log, 'both are assigned', () => recorder.owned.length === 2);
      let isStopped = false;
      const stopped = reader.stop().then(() => (isStopped = true));
      const told = [...recorder.told];
      expect(told.filter((call) => call.startsWith('revoked')).sort()).toEqual(['revoked 0', 'revoked 1']);
      await log.pass(QUIET_MS);
      expect(isStopped).toBe(false);
      held.open();
      await stopped;
      await appender.append([tick(2, 0), tick(2, 1)]);
      await log.pass(QUIET_MS);
      expect([recorder.told, recorder.wrong]).toEqual([told, []]);
      expect([await reader.confirmOwned(0), reader.mayAct(0)]).toEqual([false, false]);
    });
  });

  it('that is stopped as soon as it was started assigns nothing any more', async () => {
    const log = await opened(open, 2);
    const { reader, recorder } = await started(log, { partitions: [0, 1] });
    await reader.stop();
    const told = [...recorder.told];
    await log.pass(QUIET_MS);
    expect([recorder.told, recorder.owned, recorder.wrong]).toEqual([told, [], []]);
  });

  describe('a reader fails, and gives everything back, when', () => {
    const failing = async (prepare: (recorder: Recorder) => void): Promise<Recorder> => {
      const log = await opened(open, 2);
      await log.appender().append([tick(1, 0), tick(1, 1)]);
      const recorder = new Recorder();
      prepare(recorder);
      const { reader } = await started(log, { partitions: [0, 1] }, recorder);
      await expect(reader.failed).rejects.toThrow();
      const told = [...recorder.told];
      await log.pass(QUIET_MS);
      expect([recorder.told, recorder.owned, recorder.wrong]).toEqual([told, [], []]);
      return recorder;
    };
    const refused = (partition: number): Promise<void> =>
      partition === 0 ? Promise.reject(new Error('cannot')) : Promise.resolve();

    it('a call of the listener fails', async () => {
      const recorder = await failing((one) => (one.folding = refused));
      expect(recorder.told.filter((call) => call === 'records 0')).toHaveLength(1);
    });

    it('the listener cannot open a partition', async () => {
      const recorder = await failing((one) => (one.opening = refused));
      expect(recorder.told).not.toContain('records 0');
    });

    it('it is to begin before the log', async () => {
      await failing((one) => (one.from = () => -1));
    });

    it('it is to begin behind the end of the log', async () => {
      await failing((one) => (one.from = () => 900));
    });
  });

  it('fails as well when the listener cannot let a partition go', async () => {
    const log = await opened(open, 2);
    const groupId = 'readers';
    const recorder = new Recorder();
    recorder.revoking = () => {
      throw new Error('cannot');
    };
    const { reader } = await started(log, { groupId }, recorder);
    await eventually(log, 'it has both', () => recorder.owned.length === 2);
    await started(log, { groupId });
    await expect(reader.failed).rejects.toThrow();
    // Also not the one that it was to keep: the share that it was being told of ends with it.
    await log.pass(QUIET_MS);
    expect(recorder.owned).toEqual([]);
  });

  describe('a record that is damaged', () => {
    const planted = async (log: LogUnderTest, type: string, value: Buffer | null): Promise<void> => {
      const headers = { ce_specversion: '1.0', ce_id: 'x', ce_source: 's', ce_type: type };
      await log.plant(0, { key: Buffer.from('profile-1'), value, headers });
    };

    it('is read as foreign or undecodable, and those around it as ever', async () => {
      const log = await opened(open);
      const appender = log.appender();
      const good = encodeEvent(heartbeat(1), { schemaIds: log.schemaIds, source: 's' }).value;
      await appender.append([tick(1)]);
      await planted(log, 'Heartbeat', Buffer.from('hello'));
      await planted(log, 'Greeting', good);
      await planted(log, 'Heartbeat', null);
      await planted(log, 'Heartbeat', good.subarray(0, -3));
      await planted(log, 'StepStarted', good);
      await appender.append([tick(2)]);
      const { recorder } = await started(log, { partitions: [0] });
      await eventually(log, 'all are read', () => recorder.position() === 7);
      const told = recorder
        .seen()
        .map(({ offset, profileId, id, event }) => [offset, profileId, id, event.type]);
      expect(told).toEqual([
        [0, null, 'tick.0.1', 'ClockTicked'],
        [1, null, '', 'foreign'],
        [2, null, '', 'foreign'],
        [3, null, '', 'foreign'],
        [4, 'profile-1', 'x', 'undecodable'],
        [5, 'profile-1', 'x', 'undecodable'],
        [6, null, 'tick.0.2', 'ClockTicked'],
      ]);
      expect(recorder.wrong).toEqual([]);
    });
  });
};
