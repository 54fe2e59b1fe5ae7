import { request } from '@profile-warden/testkit/spec';
import { describe, expect, it } from 'vitest';
import { Bench, fencing } from './runtime.fixture.ts';

describe('an effect', () => {
  const silent = { sendMs: 0, reachMs: null, isAnswered: false, answerMs: 1_000 } as const;

  it('waits while the group has not confirmed the partition for a session, and comes once it has', async () => {
    const bench = new Bench();
    const { signals } = await bench.start(fencing(), { group: 'projector' });
    await bench.clock.advance(1_000);
    bench.network.always('heartbeat', silent);
    await bench.clock.advance(8_000);
    bench.quarantine('p1');
    await bench.clock.advance(0);
    expect(bench.of('FenceConfirmed')).toHaveLength(1);

    await bench.clock.advance(2_000);
    bench.quarantine('p2');
    await bench.clock.advance(5_000);
    expect(bench.of('FenceConfirmed')).toHaveLength(1);
    expect(signals.map(({ type }) => type)).toContain('unconfirmed');

    bench.network.always('heartbeat', null);
    await bench.clock.advance(5_000);
    expect(bench.of('FenceConfirmed')).toHaveLength(2);
  });

  it('is none of a process that slept through its session', async () => {
    const bench = new Bench(2);
    const asleep = await bench.start(fencing(), { group: 'projector' });
    await bench.clock.advance(1_000);
    const [own = 0] = [...asleep.runtime.views()].map(({ state }) => state.partition);
    const profileId = ['p1', 'p2', 'p3'].find((one) => bench.log.partitionOf(one) === own) ?? '';
    asleep.process.pause();
    bench.quarantine(profileId);
    await bench.clock.advance(30_000);
    asleep.process.resume();
    await bench.clock.advance(0);
    expect(asleep.signals.map(({ type }) => type)).not.toContain('decided');
  });

  it('that is owed is not dropped where the confirmation ends between two payments', async () => {
    const bench = new Bench();
    const paid: string[] = [];
    let mayAct = true;
    const { reader } = await bench.start(fencing(), {
      opener: (_partition, range, state) =>
        Promise.resolve({
          state,
          payer: {
            eventsMax: 1,
            pay: (events) => {
              mayAct = paid.length > 0;
              paid.push(...events.map(({ profileId }) => profileId ?? ''));
              return Promise.resolve(events.map(({ profileId, event }) => bench.say(profileId, event)));
            },
            close: () => Promise.resolve(),
          },
          standing: ({ nextOffset }) => (nextOffset >= range.end ? 'live' : 'restoring'),
        }),
    });
    reader.mayAct = () => mayAct;
    for (const profileId of ['p1', 'p2', 'p3']) bench.quarantine(profileId);
    await bench.clock.advance(0);
    expect(paid).toHaveLength(1);
    mayAct = true;
    await bench.clock.advance(1_000);
    expect(new Set(paid)).toEqual(new Set(['p1', 'p2', 'p3']));
  });
});

describe('a runtime that stops', () => {
  it('ends what is under way before it leaves the group, and starts nothing more', async () => {
    const bench = new Bench();
    const order: string[] = [];
    const authority = await bench.startAuthority({ group: 'authority' });
    const stop = authority.reader.stop.bind(authority.reader);
    authority.reader.stop = async () => {
      order.push('left');
      await stop();
    };
    bench.network.next('commit', { sendMs: 0, reachMs: 100, isAnswered: true, answerMs: 100 });
    bench.say('p1', request('r1'));
    await bench.clock.advance(10);
    void authority.runtime.stop();
    bench.say('p1', request('r2', { workerId: 'w2' }));
    await bench.clock.advance(150);
    expect(order).toEqual([]);
    await bench.clock.advance(850);
    expect(order).toEqual(['left']);
    expect(bench.of('LeaseGranted')).toHaveLength(1);
    expect(bench.of('LeaseDenied')).toHaveLength(0);
    expect(authority.signals.map(({ type }) => type)).not.toContain('payment-failed');
  });

  it('does not wait longer than a second for what does not end', async () => {
    const bench = new Bench();
    const authority = await bench.startAuthority({ group: 'authority' });
    let hasStopped = false;
    bench.network.next('commit', { sendMs: 0, reachMs: null, isAnswered: false, answerMs: 60_000 });
    bench.say('p1', request('r1'));
    await bench.clock.advance(10);
    void authority.runtime.stop().then(() => (hasStopped = true));
    await bench.clock.advance(900);
    expect(hasStopped).toBe(false);
    await bench.clock.advance(200);
    expect(hasStopped).toBe(true);
  });
});

describe('a log of a later release', () => {
  it('ends the service at its barrier, whose rules it does not have', async () => {
    const bench = new Bench();
    bench.say('p1', request());
    bench.say(null, { type: 'AuthorityEpochStarted', foldVersion: 2, instanceId: 'later' });
    const { reader } = await bench.start(fencing());
    await expect(reader.failed).rejects.toThrow('folded by version 2 from offset 1 on');
  });
});
