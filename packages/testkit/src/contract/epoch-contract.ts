import { CodecError, type NewEvent } from '@profile-warden/events';
import { describe, expect, it } from 'vitest';
import { barrier, heartbeat, idsOf, never, tick, ticks, unencodable } from './events.ts';
import { eventually, opened, type OpenLog } from './log-under-test.ts';
import { committed, started } from './recorder.ts';

const HIDDEN_MS = 300;

/** As the port has it: the refusal of a codec is the error or its cause. */
const isCodecRefusal = (error: unknown): boolean =>
  error instanceof CodecError || (error instanceof Error && error.cause instanceof CodecError);

export const epochContract = (open: OpenLog): void => {
  describe('an epoch', () => {
    it('is the offset of its barrier, and each transaction takes one more for its marker', async () => {
      const log = await opened(open);
      await log.appender().append([tick(1)]);
      const epoch = await log.epochWriter().takeOver(0, barrier('a'), never);
      expect(epoch.epoch).toBe(1);
      expect(await epoch.commit([tick(2), tick(3)])).toEqual([3, 4]);
      expect(await epoch.commit([tick(4)])).toEqual([6]);
      const records = await committed(log);
      expect(records.map(({ id, offset }) => `${id}@${offset}`)).toEqual([
        'tick.0.1@0',
        'barrier.0.a@1',
        'tick.0.2@3',
        'tick.0.3@4',
        'tick.0.4@6',
      ]);
    });

    it('commits nothing where there is nothing to commit', async () => {
      const log = await opened(open);
      const epoch = await log.epochWriter().takeOver(0, barrier('a'), never);
      expect(await epoch.commit([])).toEqual([]);
      expect(await epoch.commit([tick(1)])).toEqual([2]);
    });

    it('commits in the order of its calls, although none waits for the one before', async () => {
      const log = await opened(open);
      const epoch = await log.epochWriter().takeOver(0, barrier('a'), never);
      const offsets = await Promise.all(ticks(1, 5).map((event) => epoch.commit([event])));
      expect(offsets.flat()).toEqual([2, 4, 6, 8, 10]);
      await epoch.close();
      await expect(epoch.commit([tick(6)])).rejects.toThrow();
      expect(idsOf(await committed(log)).slice(1)).toEqual(ticks(1, 5).map(({ id }) => id));
    });

    it('commits hundreds of events as one', async () => {
      const log = await opened(open);
      const epoch = await log.epochWriter().takeOver(0, barrier('a'), never);
      expect(await epoch.commit(ticks(1, 500))).toEqual(ticks(1, 500).map((_event, index) => 2 + index));
      expect(await committed(log)).toHaveLength(501);
    });

    it.each<[string, NewEvent, boolean]>([
      ['that no codec takes', unencodable(2), true],
      ['of another partition', tick(1, 1), false],
      ['that a key sends to another partition', heartbeat(1, 'abc'), false],
    ])('refuses an event %s, sends nothing of that call and lives on', async (_what, bad, isCodecs) => {
      const log = await opened(open, 2);
      const epoch = await log.epochWriter().takeOver(0, barrier('a'), never);
      const refusal: unknown = await epoch.commit([tick(1), bad]).catch((error: unknown) => error);
      expect([refusal instanceof Error, isCodecRefusal(refusal)]).toEqual([true, isCodecs]);
      expect(await epoch.commit([tick(3)])).toEqual([2]);
      expect(idsOf(await committed(log))).toEqual(['barrier.0.a', 'tick.0.3']);
    });

    it('is no business of the other partitions', async () => {
      const log = await opened(open, 2);
      const writer = log.epochWriter();
      const zero = await writer.takeOver(0, barrier('a', 0), never);
      const one = await writer.takeOver(1, barrier('b', 1), never);
      expect(await zero.commit([tick(1, 0)])).toEqual([2]);
      expect(await one.commit([tick(1, 1)])).toEqual([2]);
    });
  });

  describe('a takeover', () => {
    it('refuses every later commit of the former epoch and leaves nothing of it', async () => {
      const log = await opened(open);
      const former = await log.epochWriter().takeOver(0, barrier('old'), never);
      await former.commit([tick(1)]);
      const heir = await log.epochWriter().takeOver(0, barrier('new'), never);
      await expect(former.commit([tick(2)])).rejects.toThrow();
      expect(heir.epoch).toBeGreaterThan(former.epoch);
      await heir.commit([tick(3)]);
      // Once dead an epoch stays so, whatever it is asked.
      await expect(former.commit([tick(4)])).rejects.toThrow();
      await heir.commit([tick(5)]);
      const expected = ['barrier.0.old', 'tick.0.1', 'barrier.0.new', 'tick.0.3', 'tick.0.5'];
      expect(idsOf(await committed(log))).toEqual(expected);
    });

    it('aborts what its predecessor has left open, which can then not be committed any more', async () => {
      const log = await opened(open);
      const left = await log.leaveOpen(0, [tick(1), tick(2)]);
      const heir = await log.epochWriter().takeOver(0, barrier('heir'), never);
      // The two events and the marker that aborts them.
      expect(heir.epoch).toBe(3);
      await expect(left.end(true)).rejects.toThrow();
      await heir.commit([tick(3)]);
      expect(idsOf(await committed(log))).toEqual(['barrier.0.heir', 'tick.0.3']);
    });

    it('does not happen when its signal has aborted, or under a barrier for another partition', async () => {
      const log = await opened(open, 2);
      const writer = log.epochWriter();
      const gone = AbortSignal.abort(new Error('lost'));
      await expect(writer.takeOver(0, barrier('a'), gone)).rejects.toThrow('lost');
      await expect(writer.takeOver(0, barrier('a', 1), never)).rejects.toThrow();
      await log.appender().append([tick(1, 0), tick(1, 1)]);
      for (const partition of [0, 1])
        expect(idsOf(await committed(log, partition))).toEqual([`tick.${partition}.1`]);
    });
  });

  describe('an open transaction', () => {
    it.each([
      ['aborted', false, ['tick.0.1', 'tick.0.4']],
      ['committed', true, ['tick.0.1', 'tick.0.2', 'tick.0.3', 'tick.0.4']],
    ])('hides itself and all behind it until it is %s', async (_how, isCommitted, expected) => {
      const log = await opened(open);
      const appender = log.appender();
      await appender.append([tick(1)]);
      const left = await log.leaveOpen(0, [tick(2), tick(3)]);
      expect(await appender.append([tick(4)])).toEqual([3]);
      const { recorder } = await started(log, { partitions: [0] });
      await eventually(log, 'what lies before it is read', () => recorder.count === 1);
      await log.pass(HIDDEN_MS);
      expect([idsOf(recorder.seen()), recorder.position()]).toEqual([['tick.0.1'], 1]);
      // The end counts what is hidden, so nobody takes the log for shorter than it is.
      expect(recorder.ranges.get(0)).toEqual({ start: 0, end: 4 });
      await left.end(isCommitted);
      await eventually(log, 'the marker is passed', () => recorder.position() === 5);
      expect([idsOf(recorder.seen()), recorder.wrong]).toEqual([expected, []]);
    });
  });
};
