import { DEFAULT_POLICY, policyFor, type Policy } from '@profile-warden/domain';
import type { PartitionView, Work } from '@profile-warden/service';
import type { PartitionLog } from '@profile-warden/testkit/spec';
import { beat, logOf, registered, request, workerStarted } from '@profile-warden/testkit/spec';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { detectorDuty } from './duty.ts';

const POLICY: Policy = {
  ...DEFAULT_POLICY,
  massSilence: { fraction: 0.5, minLeases: 3, windowMs: 15_000, holdMs: 60_000 },
  overrides: { fast: { heartbeatEveryMs: 6_000, suspectAfterMs: 20_000, leaseMs: 70_000 } },
};

const NAMES = ['p1', 'p2', 'p3', 'p4', 'p5', 'p6'];

/** Six leases, each with a worker of its own that has beaten once; those that are named carry the label `fast`. */
const fleet = (...fast: readonly string[]): PartitionLog => {
  const log = logOf();
  log.policy = POLICY;
  for (const profileId of NAMES) {
    if (fast.includes(profileId)) log.append(registered({ labels: ['fast'] }), profileId);
    const name = profileId.replace('p', 'w');
    log.append(request(`r-${profileId}`, { workerId: name, incarnation: `${name}/1` }), profileId);
    log.payAuthority(profileId);
    log.append(beat('reachable', { incarnation: `${name}/1` }), profileId);
  }
  return log;
};

const beatAll = (log: PartitionLog, ...names: readonly string[]): void => {
  for (const profileId of names)
    log.append(beat('reachable', { incarnation: `${profileId.replace('p', 'w')}/1` }), profileId);
};

const owed = (log: PartitionLog): readonly Work[] => {
  const view: PartitionView = {
    state: log.state,
    caseOf: (profile) => ({
      state: log.state,
      profile,
      policy: policyFor(POLICY, profile.registration?.labels),
    }),
  };
  return detectorDuty(POLICY).gather(view, [...log.state.profiles.values()]);
};

const pay = (log: PartitionLog): void => {
  for (const work of owed(log)) if ('event' in work) log.append(work.event, work.scope ?? undefined);
};

afterEach(() => {
  vi.useRealTimers();
});

describe('the duty of the stale-detector', () => {
  it('suspects who has been silent for so long, and only them', () => {
    const log = fleet();
    log.elapse(40_000);
    beatAll(log, 'p2', 'p3', 'p4', 'p5', 'p6');
    log.elapse(5_000);
    expect(owed(log)).toMatchObject([
      { scope: 'p1', event: { type: 'SuspectedStale', cause: 'heartbeat-stopped', silenceMs: 45_000 } },
    ]);
    pay(log);
    expect(owed(log)).toEqual([]);
  });

  it.each([-3_600_000, 0, 3_600_000])(
    'counts silence by the ticks alone, with a clock of its own that is %i ms off',
    (offMs) => {
      const log = fleet();
      vi.useFakeTimers({ toFake: ['Date'] });
      log.elapse(40_000);
      beatAll(log, 'p2', 'p3', 'p4', 'p5', 'p6');
      vi.setSystemTime(log.brokerMs + offMs);
      expect(owed(log)).toEqual([]);
      log.elapse(5_000);
      vi.setSystemTime(log.brokerMs + offMs);
      expect(owed(log)).toMatchObject([{ scope: 'p1', event: { silenceMs: 45_000 } }]);
    },
  );

  it('suspects nobody for silence where so many are silent that it may be its own fault', () => {
    const log = fleet();
    log.elapse(35_000);
    beatAll(log, 'p4', 'p5', 'p6');
    log.elapse(10_000);
    expect(owed(log)).toEqual([
      {
        scope: null,
        event: {
          type: 'MassSilence',
          held: 6,
          silent: 3,
          silentMs: 30_000,
          untilLogMs: log.state.logMs + 60_000,
        },
      },
    ]);
    pay(log);
    expect(owed(log)).toEqual([]);
  });

  it('still suspects at once whose worker was restarted', () => {
    const log = fleet();
    log.append(workerStarted('w2/2', { workerId: 'w2' }));
    log.elapse(45_000);
    const works = owed(log);
    expect(works.map(({ scope }) => scope)).toEqual([null, 'p2']);
    expect(works).toMatchObject([
      { event: { type: 'MassSilence' } },
      { event: { cause: 'worker-restarted' } },
    ]);
  });

  it('suspects after the hold whom the episode has counted, whatever the number, until they beat again', () => {
    const log = fleet();
    log.elapse(45_000);
    pay(log);
    beatAll(log, 'p6');
    log.elapse(59_000);
    expect(owed(log)).toEqual([]);
    log.elapse(1_000);
    const suspects = owed(log);
    expect(suspects.map(({ scope }) => scope)).toEqual(['p1', 'p2', 'p3', 'p4', 'p5', 'p6']);
    expect(suspects.every((work) => 'event' in work && work.event.type === 'SuspectedStale')).toBe(true);
  });

  it('does not let a second episode hide whom the first has counted', () => {
    const log = fleet();
    log.elapse(35_000);
    beatAll(log, 'p4', 'p5', 'p6');
    log.elapse(10_000);
    pay(log);
    log.elapse(60_000);
    expect(owed(log).map(({ scope }) => scope)).toEqual([null, 'p1', 'p2', 'p3']);
  });

  it('needs as many as the policy says before it doubts itself', () => {
    const log = fleet();
    log.elapse(35_000);
    beatAll(log, 'p3', 'p4', 'p5', 'p6');
    log.elapse(10_000);
    expect(owed(log).map(({ scope }) => scope)).toEqual(['p1', 'p2']);
  });

  it('doubts itself with the patience of who is due, whose label may ask for less', () => {
    const log = fleet(...NAMES);
    log.elapse(20_000);
    const untilLogMs = log.state.logMs + 60_000;
    expect(owed(log)).toEqual([
      { scope: null, event: { type: 'MassSilence', held: 6, silent: 6, silentMs: 12_000, untilLogMs } },
    ]);
    pay(log);
    expect(owed(log)).toEqual([]);
  });

  it('tells of one episode where leases of two patiences are due, by that which counts them all', () => {
    const log = fleet('p5', 'p6');
    log.elapse(32_000);
    beatAll(log, 'p5', 'p6');
    log.elapse(13_000);
    beatAll(log, 'p4');
    log.elapse(7_000);
    expect(owed(log)).toMatchObject([{ scope: null, event: { silent: 5, silentMs: 12_000 } }]);
    pay(log);
    expect(owed(log)).toEqual([]);
  });

  it('answers each patience for itself: few may be silent that long, and many for less', () => {
    const log = fleet('p6');
    log.elapse(31_000);
    beatAll(log, 'p3', 'p4', 'p5', 'p6');
    log.elapse(14_000);
    // Both are silent for 45 s, the others for 14.
    expect(owed(log).map(({ scope }) => scope)).toEqual(['p1', 'p2']);
    log.elapse(6_000);
    expect(owed(log)).toMatchObject([
      { scope: null, event: { silent: 6, silentMs: 12_000 } },
      { scope: 'p1' },
      { scope: 'p2' },
    ]);
  });

  it('takes nobody for silent who has not missed a heartbeat, however impatient the one that is due', () => {
    const log = fleet('p1');
    log.elapse(9_000);
    beatAll(log, 'p2', 'p3', 'p4', 'p5', 'p6');
    log.elapse(11_000);
    expect(owed(log)).toMatchObject([{ scope: 'p1', event: { type: 'SuspectedStale', silenceMs: 20_000 } }]);
  });

  it('wants to be asked again when the next lease can be silent for too long', () => {
    const log = fleet();
    const start = log.state.logMs;
    const duty = detectorDuty(POLICY);
    expect(duty.deadline(log.caseOf('p1'))).toBe(start + 45_000);
  });
});
