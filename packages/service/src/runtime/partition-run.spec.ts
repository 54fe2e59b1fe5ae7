import { beat, request } from '@profile-warden/testkit/spec';
import { LOST, UNANSWERED } from '@profile-warden/testkit/memory';
import { describe, expect, it } from 'vitest';
import { appendingOpener } from './appending.ts';
import { Bench, authorityLike, confirmed, fencing } from './runtime.fixture.ts';

describe('a replay', () => {
  it('pays nothing before the end of the log at its start is folded, and then what is owed, once', async () => {
    const bench = new Bench();
    for (const profileId of ['p1', 'p2', 'p3']) bench.quarantine(profileId);
    bench.say('p1', confirmed(1));
    bench.network.fetchDelayMs = 10;
    bench.network.cutAt = 1;
    const duty = fencing();
    const { signals } = await bench.start(duty);

    const records = bench.records().length;
    await bench.clock.advance(10 * (records - 1));
    expect(duty.gathered).toEqual([]);
    expect(bench.of('FenceConfirmed')).toHaveLength(1);

    await bench.clock.advance(1_000);
    expect(bench.of('FenceConfirmed')).toHaveLength(3);
    const live = signals.filter(({ type }) => type === 'caught-up');
    expect(live).toEqual([{ type: 'caught-up', partition: 0, nextOffset: records, restoreMs: 10 * records }]);
  });

  it('ends behind the markers at the end of the log, and goes live although no record follows them', async () => {
    const bench = new Bench();
    await bench.startAuthority();
    bench.say('p1', request());
    await bench.clock.advance(0);
    const { end } = bench.log.partition(0);
    expect(bench.records().at(-1)?.offset).toBe(end - 2);

    const { runtime } = await bench.start(fencing());
    expect(runtime.isReady).toBe(true);
    expect([...runtime.views()][0]?.state.nextOffset).toBe(end);
  });

  it('is over at once where the log is empty, or all of it is in the state that the partition opens with', async () => {
    const bench = new Bench();
    const empty = await bench.start(fencing());
    expect(empty.runtime.isReady).toBe(true);

    const other = new Bench();
    other.quarantine('p1');
    const { runtime } = await other.start(fencing(), {
      opener: (partition, range, _state, signal) =>
        appendingOpener(other.log.appender(other.clock.process()))(partition, range, other.state(), signal),
    });
    expect(runtime.isReady).toBe(true);
    expect(other.of('FenceConfirmed')).toHaveLength(1);
  });

  it('waits for a transaction that is still open at the end', async () => {
    const bench = new Bench();
    for (const profileId of ['p1', 'p2']) bench.quarantine(profileId);
    const at = bench.log.partition(0);
    const transaction = at.begin();
    bench.say('p3', beat());
    const { runtime } = await bench.start(fencing());
    expect(runtime.isReady).toBe(false);
    expect(at.end).toBeGreaterThan(at.stable);

    at.finish(transaction, true);
    await bench.clock.advance(0);
    expect(runtime.isReady).toBe(true);
    expect(bench.of('FenceConfirmed')).toHaveLength(2);
  });
});

describe('a partition revoked while its duty still takes in what was folded', () => {
  it('is not told of as caught up any more', async () => {
    const bench = new Bench();
    bench.quarantine('p1');
    const taken = Promise.withResolvers<undefined>();
    const { runtime, signals } = await bench.start({ ...fencing(), folded: () => taken.promise });
    runtime.revoked(0);
    taken.resolve(undefined);
    await bench.clock.advance(0);
    expect(signals.at(-1)).toEqual({ type: 'revoked', partition: 0 });
    expect(signals.map(({ type }) => type)).not.toContain('caught-up');
  });
});

describe('an obligation', () => {
  it('is not paid again before its event has come back, whatever is folded meanwhile', async () => {
    const bench = new Bench();
    const duty = fencing();
    await bench.start(duty);
    bench.network.next('append', { sendMs: 0, reachMs: 50, isAnswered: true, answerMs: 50 });
    bench.quarantine('p1');
    for (let beats = 0; beats < 5; beats += 1) {
      await bench.clock.advance(20);
      bench.say('p1', beat());
    }
    await bench.clock.advance(1_000);
    expect(bench.of('FenceConfirmed')).toHaveLength(1);
  });

  it('of the partition is not paid again before its event has come back either', async () => {
    const bench = new Bench();
    await bench.start({
      gather: ({ state }) => {
        const event = { type: 'MassSilence', held: 2, silent: 2, silentMs: 1, untilLogMs: 60_000 } as const;
        return state.massSilence === null && state.profiles.size > 0 ? [{ scope: null, event }] : [];
      },
      deadline: () => null,
    });
    bench.network.next('append', { sendMs: 0, reachMs: 50, isAnswered: true, answerMs: 0 });
    bench.network.fetchDelayMs = 5;
    for (let count = 0; count < 20; count += 1) {
      bench.say(`p${count}`, request());
      await bench.clock.advance(6);
    }
    expect(bench.of('MassSilence')).toHaveLength(1);
  });

  it('does not wait for an event that had come back before its acknowledgement', async () => {
    const bench = new Bench();
    const duty = fencing();
    await bench.start(duty);
    bench.network.next('append', { sendMs: 0, reachMs: 0, isAnswered: true, answerMs: 100 });
    bench.quarantine('p1');
    await bench.clock.advance(200);
    const before = duty.gathered.length;
    bench.say('p1', request('r2'));
    await bench.clock.advance(0);
    expect(duty.gathered.length).toBeGreaterThan(before);
  });

  it('is computed anew and paid after an append that was lost', async () => {
    const bench = new Bench();
    const { signals } = await bench.start(fencing());
    bench.network.next('append', LOST);
    bench.quarantine('p1');
    await bench.clock.advance(0);
    expect(signals.find(({ type }) => type === 'payment-failed')).toMatchObject({ count: 1 });
    await bench.clock.advance(199);
    expect(bench.of('FenceConfirmed')).toHaveLength(0);
    await bench.clock.advance(1);
    expect(bench.of('FenceConfirmed')).toHaveLength(1);
  });

  it('is not paid again after an append that is in the log although it failed', async () => {
    const bench = new Bench();
    const { signals } = await bench.start(fencing());
    bench.network.next('append', UNANSWERED);
    bench.quarantine('p1');
    await bench.clock.advance(5_000);
    expect(bench.of('FenceConfirmed')).toHaveLength(1);
    expect(signals.some(({ type }) => type === 'payment-failed')).toBe(true);
  });

  it('that cannot be encoded is set aside with a signal, once, and holds up nobody', async () => {
    const bench = new Bench();
    const broken = fencing();
    const { signals } = await bench.start({
      ...broken,
      gather: (view, profiles) =>
        broken
          .gather(view, profiles)
          .map((work) =>
            work.scope === 'p2' ? { scope: 'p2', event: confirmed(1, 'x'.repeat(10_000)) } : work,
          ),
      // Due at once and for ever: the worst that a deadline can do.
      deadline: ({ state }) => state.logMs,
    });
    bench.quarantine('p2');
    bench.quarantine('p1');
    bench.quarantine('p3');
    await bench.clock.advance(0);
    const parked = signals.filter(({ type }) => type === 'parked');
    expect(parked).toEqual([expect.objectContaining({ profileId: 'p2', eventType: 'FenceConfirmed' })]);
    expect(bench.state().profiles.get('p1')?.stage).toMatchObject({ confirmed: ['accounts'] });
    expect(bench.state().profiles.get('p3')?.stage).toMatchObject({ confirmed: ['accounts'] });

    await bench.tick(1_000);
    await bench.tick(1_000);
    expect(signals.filter(({ type }) => type === 'parked')).toHaveLength(1);
    // Its profile has changed: it may be another obligation now.
    bench.say('p2', beat());
    await bench.clock.advance(0);
    expect(signals.filter(({ type }) => type === 'parked')).toHaveLength(2);
  });

  it('whose event the fold ignores again and again is paid ever more rarely, and at once when its profile changes', async () => {
    const bench = new Bench();
    await bench.start({
      gather: (_view, profiles) =>
        profiles.map(({ profileId, token }) => ({
          scope: profileId,
          event: confirmed(token, 'nobody-asked-for'),
        })),
      deadline: () => null,
    });
    bench.quarantine('p1');
    const paid = (): number => bench.of('FenceConfirmed').length;
    await bench.clock.advance(0);
    expect(paid()).toBe(2);
    await bench.clock.advance(199);
    expect(paid()).toBe(2);
    await bench.clock.advance(1);
    expect(paid()).toBe(3);
    await bench.clock.advance(60_000);
    const afterOneMinute = paid();
    expect(afterOneMinute).toBeLessThan(14);
    await bench.clock.advance(60_000);
    expect(paid() - afterOneMinute).toBe(6);

    bench.say('p1', confirmed(1));
    await bench.clock.advance(0);
    expect(paid()).toBeGreaterThan(afterOneMinute + 7);
  });

  it('is paid in payments no larger than the payer takes', async () => {
    const bench = new Bench();
    const sizes: number[] = [];
    await bench.start(fencing(), {
      opener: (_partition, _range, state) =>
        Promise.resolve({
          state,
          payer: {
            eventsMax: 2,
            pay: (events) => {
              sizes.push(events.length);
              return Promise.resolve(events.map(({ profileId, event }) => bench.say(profileId, event)));
            },
            close: () => Promise.resolve(),
          },
          standing: ({ nextOffset }) => (nextOffset >= 15 ? 'live' : 'restoring'),
        }),
    });
    for (let count = 1; count <= 5; count += 1) bench.quarantine(`p${count}`);
    await bench.clock.advance(0);
    expect(sizes).toEqual([2, 2, 1]);
  });
});

describe('waking', () => {
  it('asks only about profiles that a record named or whose deadline has come, never for a beat', async () => {
    const bench = new Bench();
    const duty = authorityLike();
    await bench.startAuthority({ duty });
    for (const profileId of ['p1', 'p2', 'p3']) {
      bench.say(profileId, request(`r-${profileId}`, { maxRuntimeMs: profileId === 'p2' ? 5_000 : null }));
      await bench.clock.advance(0);
    }
    expect(bench.of('LeaseGranted')).toHaveLength(3);
    const asked = (): string[] => duty.gathered.splice(0);
    asked();

    for (let beats = 0; beats < 10; beats += 1) bench.say('p1', beat());
    await bench.clock.advance(0);
    expect(asked()).toEqual([]);

    bench.say('p3', beat('reachable', { token: 7 }));
    await bench.clock.advance(0);
    expect(asked()).toEqual(['p3']);

    for (let ticks = 0; ticks < 5; ticks += 1) await bench.tick(1_000);
    expect(asked()).toEqual([]);
    await bench.tick(1_000);
    expect(new Set(asked())).toEqual(new Set(['p2']));
    expect(bench.of('StopRequested')).toHaveLength(1);
  });
});

describe('signals', () => {
  it('raise an alarm for a decision of the current epoch that the fold ignored, not for any other', async () => {
    const bench = new Bench();
    bench.barrier();
    const { signals } = await bench.start(fencing());
    bench.say('p1', { type: 'ResumeExpired', token: 4, round: 2, epoch: 0 });
    bench.say('p1', { type: 'ResumeExpired', token: 4, round: 2, epoch: -1 });
    bench.say('p1', beat());
    await bench.clock.advance(0);
    expect(signals.filter(({ type }) => type === 'authority-event-ignored')).toEqual([
      expect.objectContaining({ offset: 1, eventType: 'ResumeExpired' }),
    ]);
    expect(signals.filter(({ type }) => type === 'ignored')).toHaveLength(2);
  });

  it('say nothing of what was ignored during a replay', async () => {
    const bench = new Bench();
    bench.barrier();
    bench.say('p1', { type: 'ResumeExpired', token: 4, round: 2, epoch: 0 });
    const { signals } = await bench.start(fencing());
    expect(signals.map(({ type }) => type)).toEqual(['assigned', 'folded', 'caught-up']);
  });
});
