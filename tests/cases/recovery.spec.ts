/** Cases about what is found when a holder has fallen silent, and what may be made of it. Seconds of log time. */
import { policyProblems } from '@profile-warden/domain';
import type { WardenEvent } from '@profile-warden/events';
import {
  beat,
  decided,
  hostReported,
  registered,
  request,
  stepCompleted,
  stepStarted,
} from '@profile-warden/testkit/spec';
import { describe, expect, it } from 'vitest';
import { FIELD_POLICY } from './field-policy.fixture.ts';
import { FieldWorld } from './field-world.fixture.ts';

const READ: readonly WardenEvent[] = [stepStarted('look', 'read'), stepCompleted('look')];
/** A look that can tell nothing about who holds the profile. */
const BLIND = { workerAlive: 'unknown', browserAlive: 'unknown', sameBoot: 'unknown' } as const;

/** A holder that has looked at a page, and says nothing more from 0 on. */
const silent = async (
  seen: FieldWorld['seen'],
  about: Parameters<typeof request>[1] = {},
): Promise<FieldWorld> => {
  const world = await FieldWorld.start();
  world.seen = seen;
  world.say(request('r1', about));
  await world.pass(0);
  world.say(beat());
  for (const event of READ) world.say(event);
  return world;
};

const stage = (world: FieldWorld): unknown => world.profile().stage;

describe('a lock file', () => {
  it('C01 of a container that is gone decides nothing; that its host is vouched for as dead does', async () => {
    const seen = { ...BLIND, lockTarget: 'oldhost-32' };
    const alone = await silent(seen);
    await alone.until(200);
    expect(stage(alone)).toMatchObject({ kind: 'manual-review', rule: 'holder-unknown' });
    const vouched = await silent(seen);
    vouched.say(hostReported('dead', { reportedBy: 'orchestrator' }), null);
    await vouched.until(200);
    expect(vouched.of('Quarantined')).toMatchObject([{ cause: 'host-restarted' }]);
    expect(stage(vouched)).toMatchObject({ kind: 'available', why: 'retry' });
  });

  it('C03 that somebody has deleted frees nothing while the browser is there', async () => {
    const world = await silent({ lockTarget: null, workerAlive: 'no', browserAlive: 'yes' });
    await world.until(200);
    expect(stage(world)).toMatchObject({ kind: 'manual-review', rule: 'holder-alive' });
  });

  it('C06 that is missing proves nothing where the processes could not be seen', async () => {
    const blind = await silent({ lockTarget: null, workerAlive: 'no', browserAlive: 'unknown' });
    await blind.until(200);
    expect(stage(blind)).toMatchObject({ kind: 'manual-review', rule: 'holder-unknown' });
    const scanned = await silent({ lockTarget: null });
    await scanned.until(200);
    expect(stage(scanned)).toMatchObject({ kind: 'available', why: 'retry' });
  });
});

describe('a browser that outlives its worker', () => {
  it('C07 keeps the profile in quarantine until it has ended', async () => {
    const world = await silent({ workerAlive: 'no', browserAlive: 'yes' });
    await world.until(82);
    expect(stage(world)).toMatchObject({ kind: 'quarantined', attempts: 1 });
    world.seen = {};
    await world.until(110);
    expect(world.of('EvidenceCollected')).toMatchObject([
      { complete: false },
      { complete: true, attempt: 2 },
    ]);
    expect(stage(world)).toMatchObject({ kind: 'available' });
  });

  it('C09 and does not end is ended by nobody but a person, after a bounded number of looks', async () => {
    const world = await silent({ workerAlive: 'no', browserAlive: 'yes' });
    await world.until(400);
    expect(world.looks).toBe(3);
    expect(stage(world)).toMatchObject({ kind: 'manual-review', rule: 'holder-alive' });
  });
});

describe('a holder that nobody can establish', () => {
  it('C24 ends with a person, who is told what was not known, and never in an endless quarantine', async () => {
    const world = await silent(BLIND);
    await world.until(140);
    expect(world.of('Decided')).toMatchObject([
      {
        rule: 'holder-unknown',
        reasons: [expect.stringContaining('workerAlive: unknown'), expect.anything(), expect.anything()],
      },
    ]);
  });

  it('C24 on a host whose collector never answers does so too, by the collector that speaks for all', async () => {
    const world = await silent({}, { hostId: 'h2' });
    await world.until(220);
    expect(world.looks).toBe(0);
    expect(stage(world)).toMatchObject({ kind: 'manual-review', rule: 'holder-unknown' });
    const [evidence] = world.of('EvidenceCollected');
    expect(evidence?.findings.workerAlive.how).toContain('no collector of host h2');
  });

  it('C24 is looked at again when its host is back or vouched for, without that person', async () => {
    const world = await silent(BLIND);
    await world.until(200);
    world.seen = { ...BLIND, sameBoot: 'no' };
    world.say(hostReported('up', { bootId: 'b2' }), null);
    await world.until(300);
    expect(world.of('Quarantined')).toMatchObject([{ round: 1 }, { round: 2, cause: 'host-restarted' }]);
    expect(stage(world)).toMatchObject({ kind: 'available', why: 'retry' });
  });
});

describe('what must come first', () => {
  it('C83 is the look: before it is in the log no decision counts, whoever makes it', async () => {
    const world = await silent({ workerAlive: 'no', browserAlive: 'yes' });
    await world.until(75);
    world.say(decided(world.state().nextOffset - 1, { outcome: 'available' }));
    await world.until(82);
    world.say(decided(world.state().nextOffset - 1, { outcome: 'available' }));
    await world.pass(1);
    expect(stage(world)).toMatchObject({ kind: 'quarantined' });
    expect(world.state().tally.ignored.get('not-in-this-stage')).toBe(2);
  });

  it('C66 is a person where a label of the profile says so, as for one on a network share', async () => {
    const world = await FieldWorld.start({ overrides: { nfs: { mode: 'operator-only' } } });
    for (const profileId of ['p1', 'p2']) {
      if (profileId === 'p1') world.say(registered({ labels: ['nfs'] }));
      world.say(
        request(`r-${profileId}`, {
          incarnation: `i-${profileId}`,
          workerId: `w-${profileId}`,
          readOnly: true,
        }),
        profileId,
      );
      await world.pass(0);
      world.say(beat('reachable', { incarnation: `i-${profileId}` }), profileId);
    }
    await world.until(150);
    expect(world.profile('p1').stage).toMatchObject({ kind: 'manual-review', rule: 'operator' });
    expect(world.profile('p2').stage).toMatchObject({ kind: 'available', why: 'retry' });
  });

  it('C47 a policy under which somebody could be let in before the old browser has ended is refused', () => {
    expect(policyProblems(FIELD_POLICY)).toEqual([]);
    expect(policyProblems({ ...FIELD_POLICY, settleMs: 9_000 }).join()).toContain('settleMs ≥ killMs');
    expect(policyProblems({ ...FIELD_POLICY, marginMs: 13_000 }).join()).toContain(
      'marginMs ≥ 4 × tickEveryMs + killMs',
    );
    expect(policyProblems({ ...FIELD_POLICY, leaseMs: 20_000 }).join()).toContain('leaseMs − marginMs ≥');
  });
});
