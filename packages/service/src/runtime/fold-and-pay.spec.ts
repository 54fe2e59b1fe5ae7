import { canonicalState } from '@profile-warden/domain';
import { LOST, UNANSWERED, late } from '@profile-warden/testkit/memory';
import { quarantineRequested, request } from '@profile-warden/testkit/spec';
import { describe, expect, it } from 'vitest';
import type { Duty } from './duty.ts';
import { Bench, fencing, type Running } from './runtime.fixture.ts';

const epochsOf = (bench: Bench): number[] =>
  bench
    .records()
    .filter(({ event }) => event.type === 'AuthorityEpochStarted')
    .map(({ offset }) => offset);

const typesOf = ({ signals }: Running, ...types: readonly string[]): string[] =>
  signals.map(({ type }) => type).filter((type) => types.includes(type));

const expectOneAnswerEach = (bench: Bench): void => {
  const answers = [...bench.of('LeaseGranted'), ...bench.of('LeaseDenied')].map((event) => event.requestId);
  const asked = bench.of('LeaseRequested').map((event) => event.requestId);
  expect(answers.sort()).toEqual(asked.sort());
};

describe('a partition under an epoch', () => {
  it('is live only once the barrier is folded, and all that a predecessor committed with it', async () => {
    const bench = new Bench();
    const first = await bench.startAuthority();
    bench.network.fetchDelayMs = 1_000;
    bench.say('p1', request());
    await bench.clock.advance(1_500);
    expect(bench.of('LeaseGranted')).toHaveLength(1);

    const second = await bench.startAuthority();
    expect(second.runtime.isReady).toBe(false);
    await bench.clock.advance(10_000);
    expect(second.runtime.isReady).toBe(true);
    expect(bench.of('LeaseGranted')).toHaveLength(1);
    expect(typesOf(first, 'fenced')).not.toEqual([]);
  });

  it('loses its epoch, asks the group, takes over, folds its barrier and goes on: nothing doubled or lost', async () => {
    const bench = new Bench();
    const authority = await bench.startAuthority({ group: 'authority' });
    const order: string[] = [];
    const confirmOwned = authority.reader.confirmOwned.bind(authority.reader);
    authority.reader.confirmOwned = async (partition) => {
      order.push('asked');
      const isOurs = await confirmOwned(partition);
      order.push(isOurs ? 'ours' : 'lost');
      return isOurs;
    };
    bench.network.next('commit', UNANSWERED);
    bench.say('p1', request('r1'));
    bench.say('p2', request('r2'));
    await bench.clock.advance(10);
    expect(typesOf(authority, 'payment-failed', 'lost')).toEqual(['payment-failed', 'lost']);
    expect(authority.runtime.isReady).toBe(false);

    bench.say('p3', request('r3'));
    await bench.clock.advance(10_000);
    expect(order).toEqual(['asked', 'ours']);
    expect(epochsOf(bench)).toHaveLength(2);
    expectOneAnswerEach(bench);
    expect(bench.of('LeaseGranted')).toHaveLength(3);
    const [view] = authority.runtime.views();
    expect(view?.state === undefined ? '' : canonicalState(view.state)).toBe(canonicalState(bench.state()));
  });

  it('does not try again to open a partition before the group has confirmed it', async () => {
    const bench = new Bench();
    const answer = Promise.withResolvers<boolean>();
    let tries = 0;
    const running = await bench.start(
      { gather: () => [], deadline: () => null },
      {
        group: 'openers',
        opener: () => {
          tries += 1;
          return Promise.reject(new Error('not now'));
        },
      },
    );
    running.reader.confirmOwned = () => answer.promise;
    await bench.clock.advance(30_000);
    expect(tries).toBe(1);
    answer.resolve(true);
    await bench.clock.advance(30_000);
    expect(tries).toBeGreaterThan(1);
  });

  it.each([
    ['never got there', LOST],
    ['got there unanswered', UNANSWERED],
    ['comes when the next epoch has begun', late(5_000)],
  ])('answers every request once although a commit %s', async (_name, fate) => {
    for (const kind of ['produce', 'commit'] as const) {
      const bench = new Bench();
      await bench.startAuthority({ group: 'authority' });
      bench.network.next(kind, fate);
      bench.say('p1', request('r1'));
      bench.say('p1', request('r2', { workerId: 'w2' }));
      await bench.clock.advance(30_000);
      expectOneAnswerEach(bench);
      expect(bench.of('LeaseGranted')).toHaveLength(1);
    }
  });

  it('decides nothing as long as the group has not confirmed it', async () => {
    const bench = new Bench();
    const authority = await bench.startAuthority({ group: 'authority' });
    bench.network.always('heartbeat', LOST);
    bench.network.next('commit', LOST);
    bench.say('p1', request('r1'));
    await bench.clock.advance(60_000);
    expect(epochsOf(bench)).toHaveLength(1);
    expect(authority.runtime.isReady).toBe(false);
    bench.network.always('heartbeat', null);
    await bench.clock.advance(5_000);
    expect(epochsOf(bench)).toHaveLength(2);
    expectOneAnswerEach(bench);
  });

  it('is lost by the barrier of another, before it could fail by it', async () => {
    const bench = new Bench();
    const authority = await bench.startAuthority();
    await bench.clock.advance(0);
    bench.barrier();
    await bench.clock.advance(0);
    expect(typesOf(authority, 'fenced', 'lost', 'payment-failed')).toEqual(['fenced']);
    await bench.clock.advance(1_000);
    expect(authority.runtime.isReady).toBe(true);
    expect(epochsOf(bench)).toHaveLength(3);
  });

  it('counts one loss where a barrier and a failed payment tell of the same', async () => {
    const bench = new Bench();
    const authority = await bench.startAuthority();
    bench.network.next('produce', { sendMs: 500, reachMs: 0, isAnswered: false, answerMs: 4_000 });
    bench.say('p1', request('r1'));
    await bench.clock.advance(0);
    bench.barrier();
    await bench.clock.advance(1_000);
    // The next epoch does not wait for the answer that the former one will never get.
    expect(authority.runtime.isReady).toBe(true);
    expect(bench.of('LeaseGranted')).toHaveLength(1);
    await bench.clock.advance(10_000);
    expect(typesOf(authority, 'fenced', 'lost')).toEqual(['fenced']);
    expect(epochsOf(bench)).toHaveLength(3);
    expectOneAnswerEach(bench);
  });

  it('counts one loss, too, where the payment fails before the partition is taken over again', async () => {
    const bench = new Bench();
    const authority = await bench.startAuthority();
    bench.network.next('produce', { sendMs: 0, reachMs: 20, isAnswered: true, answerMs: 0 });
    bench.say('p1', request('r1'));
    await bench.clock.advance(0);
    await bench.startAuthority();
    await bench.clock.advance(30);
    expect(typesOf(authority, 'fenced', 'lost', 'payment-failed')).toEqual(['fenced', 'payment-failed']);
    expectOneAnswerEach(bench);
  });

  it('fails after five losses within thirty seconds, and not after five in a longer time', async () => {
    const losses = async (everyMs: number, count: number): Promise<string> => {
      const bench = new Bench();
      const authority = await bench.startAuthority();
      let outcome = 'going on';
      authority.runtime.failed.catch((error: unknown) => {
        outcome = String(error);
      });
      for (let loss = 0; loss < count; loss += 1) {
        bench.barrier();
        await bench.clock.advance(everyMs);
      }
      return outcome;
    };
    expect(await losses(2_000, 4)).toBe('going on');
    expect(await losses(2_000, 5)).toContain('partition 0 was lost 5 times within 30000 ms');
    expect(await losses(8_000, 8)).toBe('going on');
  });
});

describe('a duty with a mistake in it', () => {
  it('fails the runtime with its error when it throws, and nothing is paid any more', async () => {
    const bench = new Bench();
    bench.quarantine('p1');
    const duty = fencing();
    const mistaken: Duty = {
      ...duty,
      gather: (view, profiles) => {
        if (profiles.some(({ profileId }) => profileId === 'p2')) throw new TypeError('no such field');
        return duty.gather(view, profiles);
      },
    };
    const { runtime } = await bench.start(mistaken);
    await bench.clock.advance(1_000);
    expect(bench.of('FenceConfirmed')).toHaveLength(1);
    bench.quarantine('p2');
    bench.quarantine('p3');
    await bench.clock.advance(1_000);
    await expect(runtime.failed).rejects.toThrow('no such field');
    bench.quarantine('p4');
    await bench.clock.advance(60_000);
    expect(bench.of('FenceConfirmed')).toHaveLength(1);
  });
});

describe('a revoked partition', () => {
  it('starts no effect any more, not even from a call that is still under way', async () => {
    const bench = new Bench();
    let letGo: () => void = () => undefined;
    const { reader } = await bench.start({
      ...fencing(),
      folded: (_view, records) =>
        records.length === 0 ? Promise.resolve() : new Promise((resolve) => (letGo = resolve)),
    });
    bench.quarantine('p1');
    await bench.clock.advance(0);
    reader.assign([]);
    letGo();
    await bench.clock.advance(60_000);
    expect(bench.of('FenceConfirmed')).toHaveLength(0);
  });

  it('is not taken over again by whoever has lost it', async () => {
    const bench = new Bench();
    const { reader } = await bench.startAuthority();
    bench.network.next('commit', LOST);
    bench.say('p1', request('r1'));
    await bench.clock.advance(0);
    reader.assign([]);
    await bench.clock.advance(60_000);
    expect(epochsOf(bench)).toHaveLength(1);
  });

  it('tells its duty, closes its payer and is no longer among the views', async () => {
    const bench = new Bench();
    const closed: number[] = [];
    const { reader, runtime, signals } = await bench.start({
      ...fencing(),
      closed: (partition) => closed.push(partition),
    });
    reader.assign([]);
    expect(closed).toEqual([0]);
    expect([...runtime.views()]).toEqual([]);
    expect(runtime.isReady).toBe(false);
    expect(signals.at(-1)).toEqual({ type: 'revoked', partition: 0 });
  });
});

describe('a rebalance between two authorities', () => {
  it('leaves every request with one answer and every token granted once', async () => {
    const bench = new Bench(2);
    const services = [
      await bench.startAuthority({ group: 'authority' }),
      await bench.startAuthority({ group: 'authority' }),
    ];
    for (let round = 0; round < 12; round += 1) {
      const profileId = `p${round % 3}`;
      bench.say(profileId, request(`r${round}`, { workerId: `w${round}` }));
      if (round % 4 === 1) bench.say(profileId, quarantineRequested());
      if (round === 4 || round === 8) bench.log.group('authority').rotate();
      await bench.clock.advance(700);
    }
    await bench.clock.advance(20_000);
    expect(services.every(({ runtime }) => runtime.isReady)).toBe(true);
    for (const partition of [0, 1]) {
      const asked: string[] = [];
      const answered: string[] = [];
      for (const { event } of bench.records(partition)) {
        if (event.type === 'LeaseRequested') asked.push(event.requestId);
        if (event.type === 'LeaseGranted' || event.type === 'LeaseDenied') answered.push(event.requestId);
      }
      expect(answered.sort()).toEqual(asked.sort());
    }
    const alarms = services.flatMap((one) => typesOf(one, 'authority-event-ignored'));
    expect(alarms).toEqual([]);
  });
});
