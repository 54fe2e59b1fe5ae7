/** Cases about what people and their tools do to a profile. Times are seconds of log time. */
import {
  beat,
  quarantineRequested,
  request,
  reviewResolved,
  stepStarted,
} from '@profile-warden/testkit/spec';
import { describe, expect, it } from 'vitest';
import { FieldWorld } from './field-world.fixture.ts';

const stage = (world: FieldWorld): unknown => world.profile().stage;

/** The profile is held for the second time, and its holder beats. */
const heldAgain = async (): Promise<FieldWorld> => {
  const world = await FieldWorld.start();
  const first = await world.lease(await world.worker('w6'));
  const gone = first.release({ browserClosed: 'confirmed' });
  await world.pass(1);
  await gone;
  await world.lease(await world.worker('w7'));
  return world;
};

/** A worker that fell silent in a payment: a person must rule on it. */
const inReview = async (): Promise<FieldWorld> => {
  const world = await FieldWorld.start();
  await world.hold(beat(), stepStarted('pay', 'sensitive'));
  await world.until(100);
  return world;
};

describe('an operator', () => {
  it('C55 who looked before the last grant stops nothing', async () => {
    const world = await heldAgain();
    world.say(quarantineRequested(1));
    await world.pass(10);
    expect(stage(world)).toMatchObject({ kind: 'held' });
    expect(world.state().tally.ignored.get('stale-view')).toBe(1);
  });

  it('C55 who shows the present token takes the profile from its holder, and frees it for nobody', async () => {
    const world = await heldAgain();
    world.say(quarantineRequested(2, 'looks odd'));
    world.say(request('next', { workerId: 'w8', incarnation: 'i8', waitMs: 3_600_000 }));
    await world.pass(120);
    expect(world.of('Quarantined')).toMatchObject([{ cause: 'operator', token: 2 }]);
    expect(stage(world)).toMatchObject({
      kind: 'manual-review',
      rule: 'operator',
      reasons: ['stopped by olga: looks odd'],
    });
    expect(world.of('LeaseGranted')).toHaveLength(2);
  });
});

describe('a reviewer', () => {
  it('C25 who is second changes nothing: of two rulings on one form the first in the log counts', async () => {
    const world = await inReview();
    const basedOn = world.state().nextOffset - 1;
    const verdicts = [{ stepId: 'pay', verdict: 'applied' }] as const;
    world.say(reviewResolved(basedOn, { reviewer: 'rita', verdicts }));
    world.say(reviewResolved(basedOn, { reviewer: 'rolf', outcome: 'retired', verdicts }));
    await world.pass(1);
    expect(stage(world)).toMatchObject({ kind: 'available', why: 'reviewed' });
    expect(world.state().tally.ignored.get('not-in-this-stage')).toBe(1);
  });

  it('C24 is told the step that is open, and can always end the case', async () => {
    const world = await inReview();
    expect(stage(world)).toMatchObject({ kind: 'manual-review', reasons: ['open: pay (sensitive)'] });
    for (const outcome of ['available', 'retry', 'retired'] as const) {
      const one = await inReview();
      const verdicts = [{ stepId: 'pay', verdict: 'unknown' }] as const;
      one.say(reviewResolved(one.state().nextOffset - 1, { outcome, verdicts }));
      await one.pass(1);
      expect(one.profile().stage.kind).toBe(outcome === 'retired' ? 'retired' : 'available');
    }
  });
});

describe('two authorities', () => {
  it('C25 do not rule at once: who was suspended finds its decisions void when it goes on', async () => {
    const world = await FieldWorld.start();
    const second = world.anotherAuthority();
    world.authority.process.pause();
    await second.start();
    // Longer than a session of the group, in which the first one says nothing.
    await world.pass(15);
    world.say(request());
    await world.pass(5);
    expect(world.of('LeaseGranted')).toMatchObject([{ token: 1, epoch: world.state().epoch }]);
    world.say(request('r2', { workerId: 'w2', incarnation: 'i2' }));
    world.authority.process.resume();
    await world.pass(20);
    expect(world.of('LeaseGranted')).toHaveLength(1);
    expect(world.of('LeaseDenied')).toHaveLength(1);
    expect(second.signals.filter(({ type }) => type === 'authority-event-ignored')).toEqual([]);
  });

  it('C25 would both write where the broker keeps nobody out, and the fold takes only the last one’s word', async () => {
    const world = await FieldWorld.start();
    world.log.fences = false;
    world.say(request());
    const second = world.anotherAuthority();
    world.authority.kill();
    await second.start();
    await world.pass(15);
    const { epoch } = world.state();
    const grant = world.of('LeaseGranted')[0];
    expect(grant).toMatchObject({ token: 1 });
    world.say(request('r2', { workerId: 'w2', incarnation: 'i2' }));
    if (grant !== undefined) world.say({ ...grant, epoch: epoch - 1, token: 2, requestId: 'r2' });
    await world.pass(1);
    expect(world.profile()).toMatchObject({ token: 1, lease: { requestId: 'r1' } });
    expect(world.state().tally.ignored.get('stale-epoch')).toBe(1);
    expect(world.of('LeaseDenied')).toMatchObject([{ requestId: 'r2' }]);
  });
});
