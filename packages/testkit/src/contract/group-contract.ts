import type { Epoch } from '@profile-warden/events';
import { describe, expect, it } from 'vitest';
import { barrier, heartbeat, idsOf, never, tick } from './events.ts';
import { SESSION_MS, eventually, opened, type OpenLog } from './log-under-test.ts';
import { Recorder, committed, gate, started } from './recorder.ts';

const QUIET_MS = 300;
const groupId = 'readers';

export const groupContract = (open: OpenLog): void => {
  describe('members of a group', () => {
    it('share the partitions out: a second one gets half, the first keeps the rest, no record is missed', async () => {
      const log = await opened(open, 4);
      const appender = log.appender();
      const { recorder: one, reader: first } = await started(log, { groupId });
      await eventually(log, 'the first has all', () => one.owned.length === 4);
      const { recorder: two } = await started(log, { groupId });
      await eventually(log, 'each has half', () => one.owned.length === 2 && two.owned.length === 2);
      expect([...one.owned, ...two.owned].sort()).toEqual([0, 1, 2, 3]);
      // What was kept was never given away.
      for (const kept of one.owned) expect(one.told).not.toContain(`revoked ${kept}`);
      await appender.append(Array.from({ length: 40 }, (_none, index) => heartbeat(1, `profile-${index}`)));
      await eventually(log, 'together they have read all', () => one.count + two.count === 40);
      await first.stop();
      // It has left: nobody had to miss its heartbeats first.
      await eventually(log, 'the second has all', () => two.owned.length === 4, SESSION_MS - 1_000);
      await eventually(log, 'and reads all', () => two.count === 40);
      expect([one.wrong, two.wrong]).toEqual([[], []]);
    });

    it('know by an answered heartbeat what is theirs, and that what was lost is not', async () => {
      const log = await opened(open, 2);
      const { recorder: one, reader: first } = await started(log, { groupId });
      await eventually(log, 'the first has both', () => one.owned.length === 2);
      expect(await first.confirmOwned(0)).toBe(true);
      await eventually(log, 'it may act', () => first.mayAct(0) && first.mayAct(1));
      const { recorder: two, reader: second } = await started(log, { groupId });
      // The last of these questions is asked by an owner and answered to a former one.
      while (one.owned.length === 2) {
        const answers = await Promise.all([first.confirmOwned(0), first.confirmOwned(1)]);
        expect(answers).toEqual([one.owned.includes(0), one.owned.includes(1)]);
      }
      await eventually(log, 'the second has one', () => two.owned.length === 1);
      const [lost = -1] = two.owned;
      expect([await first.confirmOwned(lost), first.mayAct(lost)]).toEqual([false, false]);
      expect(await second.confirmOwned(lost)).toBe(true);
      expect(await first.confirmOwned(1 - lost)).toBe(true);
      await first.stop();
      expect([await first.confirmOwned(1 - lost), first.mayAct(1 - lost)]).toEqual([false, false]);
    });

    it('that lose a partition while they open it are told so and never read it', async () => {
      const log = await opened(open, 2);
      await log.appender().append([tick(1, 0), tick(1, 1)]);
      const held = gate();
      const one = new Recorder();
      one.opening = () => held.passed;
      await started(log, { groupId }, one);
      await eventually(log, 'both are being opened', () => one.told.length === 2);
      const { recorder: two } = await started(log, { groupId });
      await eventually(log, 'one is lost', () => two.owned.length === 1);
      const [lost = -1] = two.owned;
      await eventually(log, 'the first is told', () => one.told.includes(`revoked ${lost}`));
      expect([one.signals.get(lost)?.aborted, one.signals.get(1 - lost)?.aborted]).toEqual([true, false]);
      held.open();
      await eventually(log, 'the other is read', () => one.seen(1 - lost).length === 1);
      await log.pass(QUIET_MS);
      expect([one.seen(lost), one.wrong, two.wrong]).toEqual([[], [], []]);
    });

    it('begin anew with a partition that comes back only when the last call of before has returned', async () => {
      const log = await opened(open, 2);
      await log.appender().append([tick(1, 0), tick(1, 1)]);
      const held = gate();
      const one = new Recorder();
      one.folding = () => held.passed;
      await started(log, { groupId }, one);
      await eventually(log, 'two calls hang', () => one.count === 2);
      const { recorder: two, reader: second } = await started(log, { groupId });
      await eventually(log, 'one is lost', () => one.owned.length === 1 && two.owned.length === 1);
      const [lost = -1] = two.owned;
      await second.stop();
      await log.pass(10 * QUIET_MS);
      expect(one.told.filter((call) => call === `assigned ${lost}`)).toHaveLength(1);
      held.open();
      await eventually(log, 'it comes back', () => one.owned.length === 2);
      await eventually(log, 'and is read again', () => one.seen(lost).length === 2);
      expect(one.wrong).toEqual([]);
    });

    it('that held an epoch of a lost partition can commit nothing more there, and go on elsewhere', async () => {
      const log = await opened(open, 2);
      const writer = log.epochWriter();
      const epochs = [new Map<number, Epoch>(), new Map<number, Epoch>()];
      const members = [new Recorder(), new Recorder()] as const;
      for (const [index, member] of members.entries())
        member.opening = async (partition) => {
          const name = `${index}`;
          epochs[index]?.set(partition, await writer.takeOver(partition, barrier(name, partition), never));
        };
      const [one, two] = members;
      await started(log, { groupId }, one);
      await eventually(log, 'the first has both', () => one.owned.length === 2);
      await started(log, { groupId }, two);
      await eventually(log, 'each has one', () => one.owned.length === 1 && two.owned.length === 1);
      const [lost = -1] = two.owned;
      await expect(epochs[0]?.get(lost)?.commit([tick(1, lost)])).rejects.toThrow();
      await epochs[0]?.get(1 - lost)?.commit([tick(2, 1 - lost)]);
      await epochs[1]?.get(lost)?.commit([tick(3, lost)]);
      const barriers = [`barrier.${lost}.0`, `barrier.${lost}.1`];
      expect(idsOf(await committed(log, lost))).toEqual([...barriers, `tick.${lost}.3`]);
      expect(idsOf(await committed(log, 1 - lost))).toEqual([`barrier.${1 - lost}.0`, `tick.${1 - lost}.2`]);
    });
  });
};
