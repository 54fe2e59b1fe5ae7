/** Cases about who may get a profile that somebody else has, or had. Times are seconds of log time. */
import {
  beat,
  checkpoint,
  evidence,
  hostReported,
  quarantineRequested,
  registered,
  request,
  workerStarted,
} from '@profile-warden/testkit/spec';
import type { Lease, LeaseDeniedError } from '@profile-warden/worker';
import { describe, expect, it } from 'vitest';
import { FieldWorld, type FieldWorker } from './field-world.fixture.ts';

const other = (requestId: string, about: Parameters<typeof request>[1] = {}): ReturnType<typeof request> =>
  request(requestId, { workerId: 'w8', incarnation: 'i8', hostId: 'h2', taskId: 't8', ...about });

/** A profile that the first worker holds and beats for. */
const held = async (): Promise<{ world: FieldWorld; w7: FieldWorker; lease: Lease }> => {
  const world = await FieldWorld.start();
  const w7 = await world.worker('w7');
  const lease = await world.lease(w7);
  await world.pass(5);
  return { world, w7, lease };
};

/** Goes on with the task of the first worker, as soon as it may. */
const successor = other('next', {
  hostId: 'h1',
  taskId: 't1',
  intent: 'resume',
  waitMs: 3_600_000,
  proxyId: null,
  browserKind: 'other',
});

const denied = async (world: FieldWorld, { worker }: FieldWorker): Promise<LeaseDeniedError> => {
  const asked = worker
    .acquire({ profileId: 'p1', taskId: 't8' })
    .then(() => Promise.reject(new Error('granted')))
    .catch((error: unknown) => error);
  await world.pass(1);
  return (await asked) as LeaseDeniedError;
};

describe('asking for a profile that is held', () => {
  it('C10 is free: five times in a second are five denials, each with a time to come back, and nothing else', async () => {
    const { world } = await held();
    const before = world.profile();
    for (const n of [1, 2, 3, 4, 5]) world.say(other(`again-${n}`));
    await world.pass(1);
    expect(world.of('LeaseDenied')).toHaveLength(5);
    for (const denial of world.of('LeaseDenied')) {
      expect(denial.reason).toBe('held');
      expect(denial.retryAfterMs).toBeGreaterThan(0);
    }
    expect(world.profile()).toMatchObject({ stage: before.stage, token: 1, lease: before.lease });
    expect(world.of('Quarantined')).toEqual([]);
  });

  it.each(['fresh', 'resume', 'inspect'] as const)(
    'C11 never ends the lease of the holder, whatever is asked for: %s',
    async (intent) => {
      const { world } = await held();
      world.say(other('mine-now', { intent }));
      await world.pass(20);
      expect(world.of('LeaseDenied')).toMatchObject([{ requestId: 'mine-now', reason: 'held' }]);
      expect(world.profile()).toMatchObject({ stage: { kind: 'held' }, token: 1 });
      expect(world.of('StopRequested')).toEqual([]);
    },
  );

  it('C56 is answered with who holds it, in which state, since when and what to do', async () => {
    const { world, w7 } = await held();
    w7.process.kill();
    await world.pass(60);
    expect(world.profile().stage.kind).toBe('quarantined');
    const error = await denied(world, await world.worker('w8'));
    expect(error).toMatchObject({ reason: 'quarantined', state: 'quarantined', token: 1 });
    expect(error.holder).toMatchObject({ workerId: 'w7', hostId: 'h1', taskId: 't1' });
    expect(error.since).toBe(world.profile().since.brokerMs);
    expect(error.retryAfterMs).toBeGreaterThan(0);
    expect(error.nextAction).toContain('being recovered');
  });
});

describe('a profile is never swapped for another', () => {
  it('C18 a denial offers none, and another directory than the registered one is refused', async () => {
    const world = await FieldWorld.start();
    world.say(registered({ directory: '/profiles/p1' }));
    world.say(request('elsewhere', { profileDirectory: '/tmp/empty' }));
    await world.pass(1);
    const [denial] = world.of('LeaseDenied');
    expect(denial).toMatchObject({ reason: 'wrong-directory' });
    expect(JSON.stringify(denial)).not.toContain('/profiles/');
    expect(world.of('LeaseGranted')).toEqual([]);
  });

  it('C77 a profile of one tenant is not leased to another', async () => {
    const world = await FieldWorld.start();
    world.say(registered({ tenant: 'a' }));
    world.say(request('of-b', { tenant: 'b' }));
    world.say(request('of-a', { tenant: 'a' }));
    await world.pass(1);
    expect(world.of('LeaseGranted')).toMatchObject([{ requestId: 'of-a' }]);
    world.say(request('of-b-again', { tenant: 'b' }));
    await world.pass(1);
    // Both are asked for by one process, which serves two tenants: that it holds the profile for one is no reason.
    expect(world.of('LeaseDenied')).toMatchObject([
      { requestId: 'of-b', reason: 'wrong-tenant' },
      { requestId: 'of-b-again', reason: 'wrong-tenant' },
    ]);
  });
});

describe('a lease belongs to one run of a worker', () => {
  it('C04 a host that boots takes nothing that another one holds', async () => {
    const { world } = await held();
    const before = world.profile();
    world.say(hostReported('up', { hostId: 'h2', bootId: 'b9' }), null);
    world.say(workerStarted('i8', { workerId: 'w8', hostId: 'h2', bootId: 'b9' }), null);
    world.say(other('sweep-1'));
    world.say(other('sweep-2'), 'p2');
    await world.pass(1);
    expect(world.of('LeaseDenied')).toMatchObject([{ requestId: 'sweep-1', reason: 'held' }]);
    expect(world.of('LeaseGranted').at(-1)).toMatchObject({ requestId: 'sweep-2', token: 1 });
    expect(world.profile()).toMatchObject({ stage: before.stage, lease: before.lease });
  });

  it('C19 the same worker under the same pid after a restart is not taken for the holder', async () => {
    const { world } = await held();
    const again = await world.worker('w7', 'inc-again');
    await world.pass(1);
    expect(world.of('Quarantined')).toMatchObject([{ cause: 'worker-restarted', token: 1 }]);
    expect(await denied(world, again)).toMatchObject({
      reason: 'quarantined',
      holder: { incarnation: 'inc-w7' },
    });
  });

  it('C22 words under a token that was never issued change nothing, nor does a grant of nobody’s making', async () => {
    const { world } = await held();
    const before = world.profile();
    world.say(beat('reachable', { token: 9, incarnation: 'forged' }));
    world.say(quarantineRequested(9));
    world.say({
      type: 'LeaseGranted',
      epoch: world.state().epoch - 1,
      token: 9,
      requestId: 'forged',
      holder: { workerId: 'w8', incarnation: 'forged', hostId: 'h2', taskId: 't8' },
      intent: 'fresh',
      leaseMs: 60_000,
      maxRuntimeMs: 60_000,
      resumeFrom: null,
    });
    await world.pass(4);
    expect(world.profile()).toMatchObject({ stage: before.stage, token: 1, lease: before.lease, round: 0 });
    expect(world.state().tally.ignored).toEqual(
      new Map([
        ['unknown-token', 1],
        ['stale-view', 1],
        ['stale-epoch', 1],
      ]),
    );
  });
});

describe('after silence', () => {
  it('C32 a task is not started again while its browser is still there, however long that takes', async () => {
    const { world, w7, lease } = await held();
    await lease.step('look', { kind: 'read' }, () => undefined);
    world.say(other('next', { waitMs: 3_600_000 }));
    w7.process.kill();
    world.seen = { workerAlive: 'no', browserAlive: 'yes' };
    await world.until(90);
    expect(world.of('EvidenceCollected')).toMatchObject([{ complete: false }]);
    expect(world.of('LeaseGranted')).toHaveLength(1);
    world.seen = { workerAlive: 'no', browserAlive: 'no' };
    await world.until(120);
    const ends = world.records.filter(({ event }) =>
      ['EvidenceCollected', 'Decided', 'LeaseGranted'].includes(event.type),
    );
    expect(ends.map(({ event }) => event).slice(2)).toMatchObject([
      { type: 'EvidenceCollected', complete: true },
      { type: 'Decided', outcome: 'retry' },
      { type: 'LeaseGranted', requestId: 'next' },
    ]);
  });

  it('C34 of two that believe in their lease only one may act at any moment', async () => {
    const { world, w7, lease } = await held();
    await lease.checkpoint('at the start', { stored: 'server' });
    world.say(successor);
    w7.line.pause();
    let mayAct = 0;
    while (world.profile().token === 1) {
      if (lease.canAct()) mayAct += 1;
      await world.pass(1);
      expect(world.logSeconds).toBeLessThan(300);
    }
    expect(mayAct).toBeGreaterThan(40);
    expect(lease.canAct()).toBe(false);
    await world.pass(10);
    expect(lease.canAct()).toBe(false);
  });

  it('C61 the token is revoked first: a late beat is told so, heals nothing and puts the next lease off', async () => {
    const world = await FieldWorld.start();
    await world.hold(beat());
    for (const event of checkpoint('start')) world.say(event);
    world.say({ ...successor, proxyId: 'proxy-a', browserKind: 'chromium' });
    await world.until(60);
    expect(world.profile().stage.kind).toBe('quarantined');
    await world.until(61);
    world.say(beat());
    await world.pass(1);
    expect(world.of('StaleTokenRejected')).toMatchObject([{ presentedToken: 1, presented: 'Heartbeat' }]);
    await world.until(120);
    expect(world.profile()).toMatchObject({ stage: { kind: 'quarantined' }, token: 1 });
    await world.until(160);
    expect(world.profile()).toMatchObject({ token: 2 });
    expect(world.profile().lease?.grantedLogMs).toBeGreaterThanOrEqual(121_000);
  });

  it('C61 a look that found the holder gone counts only once a correct holder must have stopped', async () => {
    const { world, w7 } = await held();
    world.say(quarantineRequested(1));
    await world.pass(1);
    w7.process.kill();
    world.say(evidence(world.state().nextOffset - 1));
    await world.pass(1);
    expect(world.profile().stage).toMatchObject({ kind: 'quarantined', attempts: 1 });
    await world.pass(90);
    expect(world.profile().stage).toMatchObject({ kind: 'manual-review', rule: 'operator' });
  });
});
