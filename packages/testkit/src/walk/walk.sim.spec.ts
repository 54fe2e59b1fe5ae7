import { describe, expect, it } from 'vitest';
import { Random } from './random.ts';
import { shrink, violationOf } from './shrink.ts';
import { walk } from './walk.ts';

/** `WARDEN_WALKS=20000 npx vitest run --project simulation packages/testkit` walks longer; the seeds follow each other. */
const WALKS = Number(process.env['WARDEN_WALKS'] ?? 2_000);
const FIRST_SEED = Number(process.env['WARDEN_SEED'] ?? 1);
const STEPS = Array.from({ length: 300 }, (_none, index) => index);
const MS_PER_WALK = 100;

describe('a random walk of the whole protocol', () => {
  it(
    `keeps every invariant and comes to rest (${WALKS} walks from seed ${FIRST_SEED})`,
    { timeout: 60_000 + WALKS * MS_PER_WALK },
    () => {
      const seen = new Map<string, number>();
      for (let seed = FIRST_SEED; seed < FIRST_SEED + WALKS; seed += 1) {
        const violation = violationOf(seed, STEPS, (what, count) =>
          seen.set(what, (seen.get(what) ?? 0) + count),
        );
        if (violation === null) continue;
        const { steps, violation: last } = shrink(seed, STEPS, violation);
        throw new Error(`${last.message}\nseed ${seed}, steps ${JSON.stringify(steps)}`, { cause: last });
      }
      const missing = MUST_HAPPEN.filter((what) => !seen.has(what));
      expect(missing, 'what no walk has reached is not tested by it').toEqual([]);
    },
  );

  it('walks the same way whenever it is given the same seed', () => {
    const [one, two] = [walk(7, STEPS), walk(7, STEPS)];
    expect(one.records).toEqual(two.records);
    expect(one.records).not.toEqual(walk(8, STEPS).records);
    expect(Random.ofStep(1, 2).next()).not.toBe(Random.ofStep(1, 3).next());
  });
});

const MUST_HAPPEN = [
  'MassSilence',
  'SuspicionCleared',
  'LeaseReleased',
  'ResumeExpired',
  'StopRequested',
  'StaleTokenRejected',
  'granted fresh',
  'granted inspect',
  'granted resume',
  'ignored stale-epoch',
  'ignored holder-reported',
  'ignored holder-recent',
  'ignored stale-view',
  'review available',
  'review resume-pending',
  'review retired',
  ...[
    'browser-unreachable',
    'dual-use',
    'heartbeat-stopped',
    'holder-reappeared',
    'host-restarted',
    'never-ready',
    'operator',
    'stop-ignored',
    'unconfirmed-close',
    'unsettled-step',
    'worker-restarted',
  ].map((cause) => `cause ${cause}`),
  ...[
    'inspect',
    'operator',
    'never-started',
    'holder-unknown',
    'holder-alive',
    'dual-writer',
    'profile-corrupt',
    'sensitive-open',
    'side-effect-open',
    'proxy-mismatch',
    'finished',
    'never-touched',
    'safe-checkpoint',
    'restartable',
    'unreported-activity',
    'ambiguous',
  ].map((rule) => `rule ${rule}`),
  'acts',
] as const;
