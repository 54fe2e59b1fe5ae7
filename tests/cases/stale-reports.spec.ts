/** Cases about words that come late, twice, or under a token that is over. Times are seconds of log time. */
import {
  beat,
  checkpoint,
  evidence,
  findings,
  releaseRequested,
  request,
  stepCompleted,
  stepStarted,
  writeRefused,
} from '@profile-warden/testkit/spec';
import type { WardenEvent } from '@profile-warden/events';
import { describe, expect, it } from 'vitest';
import { FieldWorld } from './field-world.fixture.ts';

const again = { workerId: 'w1', incarnation: 'i2' };

/** The first holder was silent and is taken for gone; the same worker has the profile again, under the next token. */
const succeeded = async (): Promise<FieldWorld> => {
  const world = await FieldWorld.start();
  await world.hold(beat(), ...checkpoint('start'));
  world.say(request('r2', { ...again, intent: 'resume', waitMs: 600_000 }));
  while (world.profile().token < 2) await world.pass(1);
  world.say(beat('reachable', { token: 2, incarnation: 'i2' }));
  await world.pass(1);
  return world;
};

/** What the present holder's words have made of the profile. */
const standing = (world: FieldWorld): unknown => {
  const { stage, pulse, lease, token, history } = world.profile();
  return { stage, pulse, lease, token, history };
};

describe('a holder that wakes up after the next grant', () => {
  it('C27 may say what it likes: no click of it counts, and it is told why', async () => {
    const world = await succeeded();
    const before = standing(world);
    world.say(stepStarted('click', 'read'));
    await world.pass(1);
    expect(standing(world)).toEqual(before);
    expect(world.of('StaleTokenRejected')).toMatchObject([
      { presentedToken: 1, currentToken: 2, presented: 'StepStarted' },
    ]);
  });

  it('C27 has a purchase of it brought before a person, and the next holder stopped: two may have acted', async () => {
    const world = await succeeded();
    world.say(stepStarted('buy', 'sensitive'));
    await world.pass(1);
    expect(world.of('Quarantined').at(-1)).toMatchObject({ token: 2, cause: 'dual-use' });
    await world.pass(120);
    expect(world.profile().stage).toMatchObject({ kind: 'manual-review', rule: 'operator' });
  });

  it('C39 reports an outcome that is refused, told back, and kept in the log', async () => {
    const world = await succeeded();
    const before = standing(world);
    const offset = world.say(stepCompleted('click'));
    await world.pass(1);
    expect(standing(world)).toEqual(before);
    expect(world.of('StaleTokenRejected')).toMatchObject([{ presentedOffset: offset }]);
    expect(world.state().tally.ignored.get('old-token')).toBe(1);
  });

  it('C42 under a name that the present holder bears too neither renews the lease nor gives it back', async () => {
    const world = await succeeded();
    const before = standing(world);
    world.say(beat());
    world.say(releaseRequested());
    await world.pass(1);
    expect(standing(world)).toEqual(before);
    await world.until((world.profile().pulse?.heartbeat?.logMs ?? 0) / 1_000 + 15);
    expect(world.profile().stage.kind).toBe('suspected-stale');
  });

  it('C42 with the present token but the former run does not renew it either', async () => {
    const world = await succeeded();
    const before = standing(world);
    world.say(beat('reachable', { token: 2, incarnation: 'i1' }));
    await world.pass(1);
    expect(standing(world)).toEqual(before);
  });
});

describe('a holder that is heard while its profile is being recovered', () => {
  it('C39 is evidence: counted, and shown to who decides', async () => {
    const world = await FieldWorld.start();
    await world.hold(beat(), stepStarted('send', 'side-effect'));
    await world.until(61);
    world.say(stepCompleted('send'));
    await world.until(180);
    const [first] = world.of('EvidenceCollected');
    expect(first?.findings).toMatchObject({ lateReportCount: 1, openSteps: ['send'] });
    expect(world.profile().stage).toMatchObject({ kind: 'manual-review', rule: 'side-effect-open' });
  });
});

describe('a write that an account service refuses', () => {
  it('C84 is no reason to try again: it is counted, shown to who decides, and a person rules', async () => {
    const world = await FieldWorld.start();
    await world.hold(beat(), stepStarted('pay', 'sensitive'));
    await world.until(61);
    world.say(writeRefused());
    world.say(request('r2', { ...again, waitMs: 300_000 }));
    await world.until(180);
    expect(world.of('EvidenceCollected')[0]?.findings).toMatchObject({ refusedWriteCount: 1 });
    expect(world.profile().stage).toMatchObject({ kind: 'manual-review', rule: 'sensitive-open' });
    expect(world.of('LeaseGranted')).toHaveLength(1);
  });
});

describe('a release', () => {
  it('C50 is final: a beat behind it revives nothing', async () => {
    const world = await FieldWorld.start();
    await world.hold(beat(), releaseRequested(), beat());
    await world.pass(1);
    expect(world.profile().stage).toMatchObject({ kind: 'available', why: 'released' });
    world.say(beat());
    await world.pass(1);
    expect(world.profile().stage).toMatchObject({ kind: 'available', why: 'released' });
    world.say(request('r2', again));
    await world.pass(1);
    expect(world.profile()).toMatchObject({ stage: { kind: 'held' }, token: 2 });
  });
});

describe('words that are delivered twice', () => {
  const twice = async (...events: readonly WardenEvent[]): Promise<FieldWorld> => {
    const world = await FieldWorld.start();
    for (const event of events) {
      world.say(event, 'p1', `e-${event.type}`);
      world.say(event, 'p1', `e-${event.type}`);
      await world.pass(1);
      // And once more when everything has been answered.
      world.say(event, 'p1', `e-${event.type}`);
      await world.pass(1);
    }
    return world;
  };

  it('C31 move a lease once: one grant, one release', async () => {
    const world = await twice(request(), beat(), releaseRequested());
    expect(world.of('LeaseGranted')).toHaveLength(1);
    expect(world.of('LeaseReleased')).toHaveLength(1);
    expect(world.of('LeaseDenied')).toEqual([]);
    expect(world.profile().stage).toMatchObject({ kind: 'available', why: 'released' });
    expect(world.state().tally.ignored.get('duplicate-request')).toBe(2);
  });

  it('C31 move a recovery once: one look, one decision', async () => {
    const world = await FieldWorld.start();
    await world.hold(beat(), ...checkpoint('start'));
    // Every append of every service lands twice, as behind a broker that repeats what it has acknowledged.
    const doubled = new Set<number>();
    while (world.logSeconds < 100) {
      await world.pass(0.5);
      for (const { offset, event, id } of world.records) {
        const isOfServices =
          event.type === 'SuspectedStale' || event.type === 'EvidenceCollected' || event.type === 'Decided';
        if (!isOfServices || doubled.has(offset)) continue;
        doubled.add(offset).add(world.say(event, 'p1', id));
      }
    }
    expect(doubled.size).toBe(6);
    expect(world.profile()).toMatchObject({ stage: { kind: 'resume-pending' }, round: 1 });
    expect(world.of('Quarantined')).toHaveLength(1);
    expect(world.looks).toBe(1);
  });

  it('C31 do not let evidence of an earlier look count as the next one', async () => {
    const world = await FieldWorld.start({ evidenceAttempts: 3 });
    await world.hold(beat());
    world.seen = { browserAlive: 'yes' };
    await world.until(85);
    const attempts = world.of('EvidenceCollected').length;
    world.say(evidence(world.state().nextOffset - 1, { attempt: 1, findings: findings() }));
    await world.pass(1);
    expect(attempts).toBe(1);
    expect(world.profile().stage).toMatchObject({ kind: 'quarantined', attempts: 1 });
  });
});
