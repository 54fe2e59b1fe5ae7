import type { WardenEvent } from '@profile-warden/events';
import { beat } from '@profile-warden/testkit/spec';
import { describe, expect, it } from 'vitest';
import type { Duty } from './duty.ts';
import { Bench, confirmed, errandDuty } from './runtime.fixture.ts';

interface Errand {
  readonly profileId: string;
  readonly signal: AbortSignal;
  readonly done: (event: WardenEvent | null) => void;
  readonly fail: () => void;
}

/** A duty whose errands end when the spec says so. */
const held = () => {
  const errands: Errand[] = [];
  const duty = errandDuty(
    (profileId, signal) =>
      new Promise((resolve, reject) => {
        errands.push({ profileId, signal, done: resolve, fail: () => reject(new Error('no route')) });
      }),
  );
  return { errands, duty };
};

/** Says of each errand that is begun what it is, and how far the log was folded when it was owed. */
const noted = <T extends { readonly duty: Duty }>(one: T) => {
  const begun: { readonly key: string; readonly nextOffset: number }[] = [];
  const duty: Duty = {
    ...one.duty,
    gather: (view, profiles) => {
      const { nextOffset } = view.state;
      return one.duty.gather(view, profiles).map((work) => {
        if (!('run' in work)) return work;
        const { key, run } = work;
        return { ...work, run: (signal) => (begun.push({ key, nextOffset }), run(signal)) };
      });
    },
  };
  return { ...one, duty, begun };
};

describe('an errand', () => {
  it('runs once for its key, however often its profile is named meanwhile, and pays once', async () => {
    const bench = new Bench();
    const { errands, duty } = held();
    await bench.start(duty);
    bench.quarantine('p1');
    await bench.clock.advance(0);
    for (let count = 0; count < 4; count += 1) {
      bench.say('p1', beat());
      await bench.clock.advance(100);
    }
    expect(errands).toHaveLength(1);
    expect(bench.of('FenceConfirmed')).toHaveLength(0);

    bench.network.next('append', { sendMs: 0, reachMs: 500, isAnswered: true, answerMs: 0 });
    errands[0]?.done(confirmed(1));
    await bench.clock.advance(400);
    // On its way: that the state still owes it must not start it again.
    expect(errands).toHaveLength(1);
    await bench.clock.advance(1_000);
    expect(bench.of('FenceConfirmed')).toHaveLength(1);
    expect(errands).toHaveLength(1);
  });

  it('starts again where there was nothing to append and the state still owes it', async () => {
    const bench = new Bench();
    const { errands, duty } = held();
    await bench.start(duty);
    bench.quarantine('p1');
    await bench.clock.advance(0);
    errands[0]?.done(null);
    await bench.clock.advance(0);
    expect(errands).toHaveLength(2);
  });

  it('runs beside at most fifteen others', async () => {
    const bench = new Bench();
    const { errands, duty } = held();
    await bench.start(duty);
    for (let count = 0; count < 20; count += 1) bench.quarantine(`p${count}`);
    await bench.clock.advance(0);
    expect(errands).toHaveLength(16);
    errands[3]?.done(confirmed(1));
    await bench.clock.advance(0);
    expect(errands).toHaveLength(17);
  });

  it('runs beside as many others as its duty says', async () => {
    const bench = new Bench();
    const { errands, duty } = held();
    await bench.start({ ...duty, runsAtOnceMax: 18 });
    for (let count = 0; count < 20; count += 1) bench.quarantine(`p${count}`);
    await bench.clock.advance(0);
    expect(errands).toHaveLength(18);
  });

  it('is not begun where somebody else has paid while it waited for its place, and keeps nobody from the place', async () => {
    const bench = new Bench();
    const { errands, duty } = held();
    await bench.start(duty);
    for (let count = 0; count < 18; count += 1) bench.quarantine(`p${count}`);
    await bench.clock.advance(0);
    bench.say('p16', confirmed(1));
    await bench.clock.advance(0);
    errands[3]?.done(confirmed(1));
    await bench.clock.advance(0);
    expect(errands.slice(16).map(({ profileId }) => profileId)).toEqual(['p17']);
  });

  it('that waited in vain leaves its profile free for what it owes now', async () => {
    const bench = new Bench();
    const { errands, duty, begun } = noted(held());
    await bench.start(duty);
    for (let count = 0; count < 17; count += 1) bench.quarantine(`p${count}`);
    await bench.clock.advance(0);
    bench.say('p16', {
      type: 'Quarantined',
      epoch: bench.state().epoch,
      token: 1,
      round: 2,
      cause: 'operator',
      suspicionOffset: null,
      fenceTargets: ['accounts'],
    });
    await bench.clock.advance(0);
    errands[3]?.done(confirmed(1));
    await bench.clock.advance(0);
    expect(begun.slice(16).map(({ key }) => key)).toEqual(['p16/1/2']);
  });

  it('begins from what is known when it finds its place, not from when it came into the line', async () => {
    const bench = new Bench();
    const { errands, duty, begun } = noted(held());
    await bench.start(duty);
    for (let count = 0; count < 17; count += 1) bench.quarantine(`p${count}`);
    await bench.clock.advance(0);
    for (let count = 0; count < 5; count += 1) bench.say('p16', beat());
    await bench.clock.advance(0);
    errands[3]?.done(null);
    await bench.clock.advance(0);
    expect(begun[16]).toEqual({ key: 'p16/1/1', nextOffset: bench.state().nextOffset });
  });

  it('is tried again after a wait that doubles up to ten seconds', async () => {
    const bench = new Bench();
    const { errands, duty } = held();
    const { signals } = await bench.start(duty);
    bench.quarantine('p1');
    await bench.clock.advance(0);
    const waits: number[] = [];
    for (let tries = 0; tries < 8; tries += 1) {
      const since = bench.clock.now();
      errands.at(-1)?.fail();
      while (errands.length === tries + 1) await bench.clock.advance(100);
      waits.push(bench.clock.now() - since);
    }
    expect(waits).toEqual([200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000]);
    expect(signals.filter(({ type }) => type === 'work-failed')).toHaveLength(8);
  });

  it('that fails leaves its place to the others while it waits', async () => {
    const bench = new Bench();
    const { errands, duty } = held();
    await bench.start(duty);
    for (let count = 0; count < 17; count += 1) bench.quarantine(`p${count}`);
    await bench.clock.advance(0);
    for (const errand of errands.slice(0, 16)) errand.fail();
    await bench.clock.advance(100);
    expect(errands.map(({ profileId }) => profileId)).toContain('p16');
  });

  it('is told to stop when its partition is revoked, and appends nothing any more', async () => {
    const bench = new Bench();
    const { errands, duty } = held();
    const { reader } = await bench.start(duty);
    bench.quarantine('p1');
    await bench.clock.advance(0);
    expect(errands[0]?.signal.aborted).toBe(false);
    reader.assign([]);
    expect(errands[0]?.signal.aborted).toBe(true);
    errands[0]?.done(confirmed(1));
    await bench.clock.advance(60_000);
    expect(bench.of('FenceConfirmed')).toHaveLength(0);
    expect(errands).toHaveLength(1);
  });

  it('is begun anew when the partition comes back', async () => {
    const bench = new Bench();
    const { errands, duty } = held();
    const { reader } = await bench.start(duty);
    bench.quarantine('p1');
    await bench.clock.advance(0);
    reader.assign([]);
    reader.assign([0]);
    await bench.clock.advance(0);
    expect(errands).toHaveLength(2);
    errands[1]?.done(confirmed(1));
    await bench.clock.advance(0);
    expect(bench.of('FenceConfirmed')).toHaveLength(1);
  });
});
