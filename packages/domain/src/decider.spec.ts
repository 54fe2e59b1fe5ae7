import type { Findings } from '@profile-warden/events';
import {
  authorityPays,
  beat,
  checkpoint,
  deciderPays,
  elapse,
  evidence,
  fenceConfirmed,
  finding,
  given,
  granted,
  inspected,
  looked,
  now,
  projectorPays,
  quarantineRequested,
  releaseRequested,
  reviewResolved,
  silenced,
  stepStarted,
  withPolicy,
  type Move,
} from '@profile-warden/testkit/spec';
import { describe, expect, it } from 'vitest';
import { RULES, owedByDecider } from './index.ts';

const decides = (rule: string, outcome: string, ...moves: Move[]): void => {
  const { log } = given(...moves);
  expect(owedByDecider(log.caseOf())).toMatchObject({ rule, outcome });
};
const worked: Move = [granted(), beat()];
const crashed = (...before: Move[]): Move => [worked, before, inspected()];
const found = (name: keyof Findings, value: 'yes' | 'no' | 'unknown'): Move => [
  worked,
  checkpoint('cart'),
  inspected({ [name]: finding(value) }),
];
const unreadable: Move = { type: 'undecodable', claimedType: 'StepStarted', detail: 'cut short' };
const stoppedAt = (...moves: Move[]): Move => [
  moves,
  authorityPays,
  projectorPays,
  elapse(150_000),
  looked(),
];

describe('the decision table', () => {
  it('has its ids in this order', () =>
    expect(RULES.map((rule) => rule.id)).toEqual([
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
      'crash-loop',
      'finished',
      'never-touched',
      'safe-checkpoint',
      'restartable',
      'unreported-activity',
      'ambiguous',
    ]));
  it('decides nothing but inspected rounds', () => {
    given(granted()).then({ decider: null });
    given(granted(), silenced).then({ decider: null });
    given(granted(), inspected(), deciderPays).then({ decider: null });
  });
  it('rests on the evidence, and records the policy', () => {
    const { log } = given(crashed());
    const { stage } = log.profile();
    expect(owedByDecider(log.caseOf())).toMatchObject({
      token: 1,
      round: 1,
      policyVersion: 'default-1',
      basedOn: stage.kind === 'inspected' ? stage.evidence.basedOn : -1,
    });
  });
});

describe('rule inspect', () => {
  const inReview: Move = [crashed(stepStarted('pay', 'sensitive')), deciderPays];
  it('ends every inspection with a person', () =>
    decides(
      'inspect',
      'manual-review',
      inReview,
      granted('r2', { incarnation: 'i2', intent: 'inspect' }),
      stoppedAt(releaseRequested({ token: 2, browserClosed: 'unconfirmed' })),
    ));
});

describe('rule operator', () => {
  it('leaves to a person what a person stopped', () =>
    decides('operator', 'manual-review', stoppedAt(worked, quarantineRequested())));
  it('leaves to a person what two have used', () =>
    decides(
      'operator',
      'manual-review',
      granted(),
      releaseRequested(),
      authorityPays,
      granted('r2', { incarnation: 'i2' }),
      stoppedAt(stepStarted('pay', 'side-effect')),
    ));
  it('leaves everything to a person where the policy says so', () =>
    decides('operator', 'manual-review', withPolicy({ mode: 'operator-only' }), crashed()));
  it('leaves to a person what had been retired', () =>
    decides(
      'operator',
      'manual-review',
      crashed(stepStarted('pay', 'sensitive')),
      deciderPays,
      now((log) => reviewResolved(log.nextOffset - 1, { outcome: 'retired' })),
      now(({ state }) => ({
        type: 'Quarantined',
        epoch: state.epoch,
        token: 1,
        round: 2,
        cause: 'host-restarted',
        suspicionOffset: null,
        fenceTargets: [],
      })),
      elapse(30_000),
      looked(),
    ));
  it('is over with the review', () =>
    decides(
      'never-touched',
      'available',
      stoppedAt(worked, quarantineRequested()),
      deciderPays,
      now((log) => reviewResolved(log.nextOffset - 1)),
      granted('r2', { incarnation: 'i2' }),
      beat('starting', { token: 2, incarnation: 'i2' }),
      inspected(),
    ));
});

describe('rule never-started', () => {
  it('frees a profile whose holder was never heard, whatever could not be seen', () =>
    decides('never-started', 'available', granted(), inspected({ browserAlive: 'unknown' })));
  it('goes back to the checkpoint of the task where there was one', () =>
    decides(
      'never-started',
      'resume-pending',
      crashed(checkpoint('cart')),
      deciderPays,
      granted('r2', { incarnation: 'i2', intent: 'resume' }),
      inspected({ workerAlive: 'unknown' }),
    ));
  it('does not speak for a holder that reported once', () =>
    decides(
      'holder-unknown',
      'manual-review',
      granted(),
      beat('starting'),
      inspected({ browserAlive: 'unknown' }),
    ));
  it('does not speak where a record could not be read', () =>
    decides('ambiguous', 'manual-review', granted(), unreadable, inspected()));
});

describe('rules holder-unknown and holder-alive', () => {
  it.each([
    ['holder-unknown', 'browserAlive', 'unknown'],
    ['holder-unknown', 'workerAlive', 'unknown'],
    ['holder-alive', 'browserAlive', 'yes'],
    ['holder-alive', 'workerAlive', 'yes'],
  ] as const)('%s: %s is %s', (rule, name, value) => {
    decides(rule, 'manual-review', found(name, value));
  });
  it.each([
    ['holder-unknown', 'unknown'],
    ['holder-alive', 'yes'],
  ] as const)('%s names all that speaks of the holder, its boot included', (rule, browserAlive) => {
    const { log } = given(found('browserAlive', browserAlive));
    expect(owedByDecider(log.caseOf())).toMatchObject({
      rule,
      reasons: [
        'workerAlive: no (looked)',
        `browserAlive: ${browserAlive} (looked)`,
        'sameBoot: yes (looked)',
      ],
    });
  });
  it('holder-alive names a word of the holder that came behind the evidence, whatever was found', () => {
    const { log } = given(granted(), beat(), silenced, elapse(30_000));
    const basedOn = log.nextOffset - 1;
    log.append(beat());
    log.append(evidence(basedOn));
    expect(owedByDecider(log.caseOf())).toMatchObject({
      rule: 'holder-alive',
      reasons: [
        'the holder reported behind the evidence',
        'workerAlive: no (looked)',
        'browserAlive: no (looked)',
        'sameBoot: yes (looked)',
      ],
    });
  });
  it('holder-alive names a word that came behind the fence, where nobody could see the holder', () => {
    const { log } = given(
      withPolicy({ fenceTargets: ['accounts'] }),
      granted(),
      beat(),
      silenced,
      fenceConfirmed('accounts'),
      beat(),
      elapse(200_000),
      looked({ browserAlive: 'unknown' }),
    );
    expect(owedByDecider(log.caseOf())).toMatchObject({
      rule: 'holder-alive',
      reasons: [
        'the holder reported behind its fence',
        'workerAlive: no (looked)',
        'browserAlive: unknown (looked)',
        'sameBoot: yes (looked)',
      ],
    });
  });
  it('another boot is proof enough', () => {
    decides('safe-checkpoint', 'resume-pending', [
      worked,
      checkpoint('cart'),
      inspected({ sameBoot: 'no', workerAlive: 'unknown', browserAlive: 'unknown' }),
    ]);
  });
  it('a process with other leases may live on behind a confirmed close', () =>
    decides(
      'restartable',
      'retry',
      worked,
      stepStarted('like', 'side-effect', { repeatable: true }),
      releaseRequested(),
      authorityPays,
      elapse(30_000),
      looked({ workerAlive: 'yes' }),
    ));
});

describe('what was found on the profile', () => {
  it.each([
    ['dual-writer', 'secondRoot', 'yes'],
    ['dual-writer', 'changedBetweenLooks', 'yes'],
    ['profile-corrupt', 'directoryPresent', 'no'],
    ['profile-corrupt', 'directorySame', 'no'],
    ['profile-corrupt', 'preferencesValid', 'no'],
    ['profile-corrupt', 'databasesSound', 'no'],
    ['profile-corrupt', 'cookiesKept', 'no'],
  ] as const)('%s: %s is %s', (rule, name, value) => {
    decides(rule, 'manual-review', found(name, value));
  });
  it.each(['secondRoot', 'changedBetweenLooks', 'databasesSound', 'cookiesKept'] as const)(
    'accuses nobody where %s is unknown',
    (name) => {
      decides('safe-checkpoint', 'resume-pending', found(name, 'unknown'));
    },
  );
});
