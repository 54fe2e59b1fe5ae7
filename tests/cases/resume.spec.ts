/** Cases about going on with an interrupted task, or not. Times are seconds of log time. */
import type { WardenEvent } from '@profile-warden/events';
import {
  beat,
  checkpoint,
  releaseRequested,
  request,
  reviewResolved,
  stepStarted,
} from '@profile-warden/testkit/spec';
import { describe, expect, it } from 'vitest';
import { FieldWorld } from './field-world.fixture.ts';

const begun = async (policy: Parameters<typeof FieldWorld.start>[0] = {}): Promise<FieldWorld> => {
  const world = await FieldWorld.start(policy);
  await world.hold(beat());
  return world;
};

/** The task has come so far, and then nothing more is heard of it. */
const interrupted = async (...reports: readonly WardenEvent[]): Promise<FieldWorld> => {
  const world = await begun();
  for (const report of reports) world.say(report);
  await world.pass(100);
  return world;
};

const stage = (world: FieldWorld): unknown => world.profile().stage;
const resume = (requestId: string, about: Parameters<typeof request>[1] = {}): ReturnType<typeof request> =>
  request(requestId, { workerId: 'w2', incarnation: `of-${requestId}`, intent: 'resume', ...about });

describe('a task that was interrupted', () => {
  it('C62 behind a checkpoint with reads only goes on from there', async () => {
    const world = await interrupted(...checkpoint('cart'), stepStarted('look', 'read'));
    expect(stage(world)).toMatchObject({ kind: 'resume-pending', checkpoint: { name: 'cart' } });
  });

  it('C62 in a side effect of unknown outcome goes to a person', async () => {
    const world = await interrupted(...checkpoint('cart'), stepStarted('post', 'side-effect'));
    expect(stage(world)).toMatchObject({ kind: 'manual-review', rule: 'side-effect-open' });
  });

  it('C62 for the third time goes to a person, whatever it was at', async () => {
    const world = await interrupted(...checkpoint('cart'));
    for (const token of [2, 3]) {
      expect(stage(world)).toMatchObject({ kind: 'resume-pending' });
      world.say(resume(`r${token}`));
      await world.pass(1);
      world.say(beat('reachable', { token, incarnation: `of-r${token}` }));
      await world.pass(100);
    }
    expect(stage(world)).toMatchObject({ kind: 'manual-review', rule: 'crash-loop' });
  });
});

describe('a login that is kept in the profile', () => {
  const loggedIn = checkpoint('logged in', 'profile');

  it('C64 a few seconds before the browser was killed is not trusted: the task starts over', async () => {
    const world = await begun();
    for (const event of loggedIn) world.say(event);
    await world.beatUntil(12, beat());
    await world.pass(110);
    expect(stage(world)).toMatchObject({ kind: 'available', why: 'retry' });
  });

  it('C64 is trusted where the browser was closed in order', async () => {
    const world = await interrupted(...loggedIn, releaseRequested({ outcome: 'unknown' }));
    expect(stage(world)).toMatchObject({ kind: 'resume-pending', checkpoint: { name: 'logged in' } });
  });

  it.each([
    [130, { kind: 'available', why: 'retry' }],
    [260, { kind: 'resume-pending', checkpoint: { name: 'logged in' } }],
  ])('C73 at 100, with a window of 120, and a crash at %i', async (crashAt, expected) => {
    const world = await begun({ checkpointSettleMs: 120_000 });
    await world.beatUntil(100, beat());
    for (const event of loggedIn) world.say(event);
    await world.beatUntil(crashAt, beat());
    await world.pass(110);
    expect(stage(world)).toMatchObject(expected);
  });
});

describe('a resume through another proxy', () => {
  it('C75 is refused; through the one that the task used it is granted', async () => {
    const world = await interrupted(...checkpoint('cart'));
    world.say(resume('by-b', { proxyId: 'proxy-b' }));
    await world.pass(600);
    world.say(resume('by-a'));
    await world.pass(1);
    expect(world.of('LeaseDenied')).toMatchObject([{ requestId: 'by-b', reason: 'proxy-mismatch' }]);
    expect(world.of('LeaseGranted').at(-1)).toMatchObject({ requestId: 'by-a', intent: 'resume' });
  });

  it('C75 is not the way out where that one does not come back: a person is asked', async () => {
    const world = await interrupted(...checkpoint('cart'));
    await world.pass(1_800);
    expect(world.of('ResumeExpired')).toHaveLength(1);
    expect(stage(world)).toMatchObject({ kind: 'manual-review', rule: 'resume-expired' });
  });

  it('C75 is not offered where the last step went through another one than the lease', async () => {
    const world = await interrupted(
      ...checkpoint('cart'),
      stepStarted('look', 'read', { proxyId: 'proxy-b' }),
    );
    expect(stage(world)).toMatchObject({ kind: 'manual-review', rule: 'proxy-mismatch' });
  });
});

describe('a purchase', () => {
  /** The worker dies right in the click. */
  const dead = async (): Promise<FieldWorld> => {
    const world = await FieldWorld.start();
    const w7 = await world.worker('w7');
    const lease = await world.lease(w7);
    await lease.checkpoint('cart', { stored: 'server' });
    void lease.step('checkout', { kind: 'sensitive' }, () => {
      expect(world.of('StepStarted').at(-1)).toMatchObject({ name: 'checkout', kind: 'sensitive' });
      w7.process.kill();
      return new Promise(() => undefined);
    });
    await world.pass(100);
    return world;
  };
  const ruled = (
    world: FieldWorld,
    verdict: 'applied' | 'not-applied',
  ): ReturnType<typeof reviewResolved> => {
    const verdicts = world.profile().history.openSteps.map(({ stepId }) => ({ stepId, verdict }));
    const outcome = verdict === 'applied' ? 'available' : 'retry';
    return reviewResolved(world.state().nextOffset - 1, { outcome, verdicts });
  };

  it('C89 that was begun, in the log before the click, and whose outcome nobody knows goes to a person', async () => {
    const world = await dead();
    expect(stage(world)).toMatchObject({ kind: 'manual-review', rule: 'sensitive-open' });
    world.say(resume('auto'));
    world.say(request('fresh', { workerId: 'w3', incarnation: 'i3' }));
    await world.pass(1);
    expect(world.of('LeaseDenied')).toMatchObject([
      { requestId: 'auto', reason: 'in-review' },
      { requestId: 'fresh', reason: 'in-review' },
    ]);
  });

  it.each([
    ['applied', 'reviewed'],
    ['not-applied', 'retry'],
  ] as const)('C89 that a person found %s leaves the profile %s', async (verdict, why) => {
    const world = await dead();
    world.say(ruled(world, verdict));
    await world.pass(1);
    expect(stage(world)).toMatchObject({ kind: 'available', why });
    expect(world.profile().history.openSteps).toEqual([]);
  });

  it('C89 is not got past by anybody’s decision to resume, only by a ruling on the step itself', async () => {
    const world = await dead();
    const basedOn = world.state().nextOffset - 1;
    const { token, round } = world.profile();
    world.say({
      type: 'Decided',
      token,
      round,
      basedOn,
      outcome: 'resume-pending',
      checkpointOffset: world.profile().history.checkpoints[0]?.offset ?? null,
      rule: 'safe-checkpoint',
      reasons: [],
      policyVersion: 'x',
    });
    world.say(reviewResolved(basedOn, { outcome: 'retry', verdicts: [] }));
    await world.pass(1);
    expect(stage(world)).toMatchObject({ kind: 'manual-review', rule: 'sensitive-open' });
    expect(world.state().tally.ignored.get('verdict-missing')).toBe(1);
  });
});
