import type { StepKind } from '@profile-warden/events';
import {
  authorityPays,
  beat,
  beating,
  checkpoint,
  deciderPays,
  elapse,
  given,
  granted,
  inspected,
  looked,
  now,
  releaseRequested,
  reviewResolved,
  stepCompleted,
  stepStarted,
  withPolicy,
  type Move,
} from '@profile-warden/testkit/spec';
import { describe, expect, it } from 'vitest';
import { owedByDecider } from './index.ts';

const decides = (rule: string, outcome: string, ...moves: Move[]): void => {
  const { log } = given(...moves);
  expect(owedByDecider(log.caseOf())).toMatchObject({ rule, outcome });
};
const worked: Move = [granted(), beat()];
const crashed = (...before: Move[]): Move => [worked, before, inspected()];
const unreadable: Move = { type: 'undecodable', claimedType: 'StepStarted', detail: 'cut short' };

describe('open steps', () => {
  it('sensitive-open: an open sensitive step, repeatable or not', () =>
    decides(
      'sensitive-open',
      'manual-review',
      crashed(stepStarted('pay', 'sensitive', { repeatable: true })),
    ));
  it('sensitive-open: a step that the policy calls sensitive', () =>
    decides(
      'sensitive-open',
      'manual-review',
      withPolicy({ sensitiveSteps: ['post'] }),
      crashed(stepStarted('post', 'side-effect', { repeatable: true })),
    ));
  it('sensitive-open: more open steps than are kept', () =>
    decides(
      'sensitive-open',
      'manual-review',
      crashed(
        ...Array.from({ length: 17 }, (_n, step) =>
          stepStarted(`s${step}`, 'side-effect', { repeatable: true }),
        ),
      ),
    ));
  it('side-effect-open: an open side effect that must not be doubled', () =>
    decides('side-effect-open', 'manual-review', crashed(stepStarted('post', 'side-effect'))));
  it('neither: a step whose outcome is known', () =>
    decides(
      'ambiguous',
      'manual-review',
      crashed(stepStarted('post', 'side-effect'), stepCompleted('post')),
    ));
  it('neither: an open side effect that may be done again', () =>
    decides('restartable', 'retry', crashed(stepStarted('like', 'side-effect', { repeatable: true }))));
});

describe('a step that the policy calls sensitive, whatever the worker says', () => {
  const payIsSensitive = withPolicy({ sensitiveSteps: ['pay'] });
  const paid = (kind: StepKind, about: { repeatable?: boolean } = {}): Move => [
    stepStarted('pay', kind, about),
    stepCompleted('pay'),
  ];
  it.each(['read', 'reversible', 'await-human'] as const)('sensitive-open: open as %s', (kind) => {
    const { log } = given(payIsSensitive, crashed(stepStarted('pay', kind)));
    expect(owedByDecider(log.caseOf())).toMatchObject({
      rule: 'sensitive-open',
      outcome: 'manual-review',
      reasons: [`open: pay (${kind})`],
    });
  });
  it('sensitive-open: open behind a checkpoint', () =>
    decides(
      'sensitive-open',
      'manual-review',
      payIsSensitive,
      crashed(checkpoint('cart'), stepStarted('pay', 'reversible')),
    ));
  it.each(['read', 'reversible', 'side-effect'] as const)('done as %s it may not be done again', (kind) => {
    decides('ambiguous', 'manual-review', payIsSensitive, crashed(paid(kind, { repeatable: true })));
    decides(
      'ambiguous',
      'manual-review',
      payIsSensitive,
      crashed(checkpoint('cart'), paid(kind, { repeatable: true })),
    );
  });
  it('done in a task that calls itself read-only, it may not either', () =>
    decides(
      'ambiguous',
      'manual-review',
      payIsSensitive,
      granted('r1', { readOnly: true }),
      beat(),
      paid('read'),
      inspected(),
    ));
  it('is not known to be undone before a checkpoint that is lost, where names are no longer kept', () =>
    decides(
      'ambiguous',
      'manual-review',
      payIsSensitive,
      crashed(paid('reversible'), checkpoint('cart', 'profile')),
    ));
  it('done before the checkpoint it is behind the task', () =>
    decides(
      'safe-checkpoint',
      'resume-pending',
      payIsSensitive,
      crashed(paid('reversible'), checkpoint('cart')),
    ));
  it('that did not take effect, and a step of another name, stop nothing', () => {
    const missed = [
      stepStarted('pay', 'reversible'),
      stepCompleted('pay', { outcome: 'not-applied' }),
    ] as const;
    decides('restartable', 'retry', payIsSensitive, crashed(...missed));
    decides('restartable', 'retry', payIsSensitive, crashed(stepStarted('look', 'read')));
    decides('restartable', 'retry', crashed(paid('reversible')));
  });
  it('is asked about once: the task that a person resumed is not stopped for it again', () =>
    decides(
      'safe-checkpoint',
      'resume-pending',
      payIsSensitive,
      crashed(checkpoint('cart'), stepStarted('pay', 'reversible')),
      deciderPays,
      now((log) => reviewResolved(log.nextOffset - 1, { outcome: 'resume-pending', checkpoint: 'cart' })),
      granted('r2', { incarnation: 'i2', intent: 'resume' }),
      beat('reachable', { token: 2, incarnation: 'i2' }),
      inspected(),
    ));
});

describe('rules proxy-mismatch and crash-loop', () => {
  it('proxy-mismatch: the last step used another proxy than the lease', () =>
    decides('proxy-mismatch', 'manual-review', crashed(stepStarted('look', 'read', { proxyId: 'proxy-b' }))));
  it('does not match where no proxy was told', () =>
    decides('restartable', 'retry', crashed(stepStarted('look', 'read', { proxyId: null }))));
  const again = (token: number): Move => [
    granted(`r${token}`, { incarnation: `i${token}`, taskId: 't1' }),
    beat('reachable', { token, incarnation: `i${token}` }),
    stepStarted('look', 'read', { token }),
    inspected(),
  ];
  it('crash-loop: the third recovery of a task is a person’s', () =>
    decides('crash-loop', 'manual-review', again(1), deciderPays, again(2), deciderPays, again(3)));
  it('does not match the second', () => decides('restartable', 'retry', again(1), deciderPays, again(2)));
});

describe('rule finished', () => {
  it('matches when the final step is done', () =>
    decides(
      'finished',
      'available',
      crashed(stepStarted('end', 'side-effect', { final: true }), stepCompleted('end')),
    ));
  it('does not match a final step that was only begun', () =>
    decides('restartable', 'retry', crashed(stepStarted('end', 'read', { final: true }))));
});

describe('rule never-touched', () => {
  it('matches when the browser never answered and nothing was begun', () =>
    decides('never-touched', 'available', granted(), beat('starting'), inspected()));
  it('does not match once it answered', () => decides('unreported-activity', 'manual-review', crashed()));
});

describe('rule safe-checkpoint', () => {
  it('matches one on the server, at once', () =>
    decides('safe-checkpoint', 'resume-pending', crashed(checkpoint('cart'))));
  it('matches one in the profile that the browser has outlived', () =>
    decides(
      'safe-checkpoint',
      'resume-pending',
      worked,
      checkpoint('cart', 'profile'),
      beating(45_000, beat()),
      inspected(),
    ));
  it('does not match one in the profile that it has not', () =>
    decides(
      'restartable',
      'retry',
      worked,
      checkpoint('cart', 'profile'),
      beating(44_000, beat()),
      inspected(),
    ));
  it('matches one in the profile of a browser that was closed in order', () =>
    decides(
      'safe-checkpoint',
      'resume-pending',
      worked,
      checkpoint('cart', 'profile'),
      releaseRequested({ outcome: 'unknown' }),
      authorityPays,
      elapse(30_000),
      looked(),
    ));
  it('falls back to the older one that is trusted', () => {
    const { log } = given(crashed(checkpoint('cart'), checkpoint('form', 'profile')));
    const cart = log.profile().history.checkpoints.find(({ name }) => name === 'cart');
    expect(owedByDecider(log.caseOf())).toMatchObject({
      rule: 'safe-checkpoint',
      checkpointOffset: cart?.offset,
    });
  });
  it('does not match with a side effect behind it', () =>
    decides(
      'ambiguous',
      'manual-review',
      crashed(checkpoint('cart'), stepStarted('post', 'side-effect'), stepCompleted('post')),
    ));
  it('matches with a repeatable one behind it', () =>
    decides(
      'safe-checkpoint',
      'resume-pending',
      crashed(
        checkpoint('cart'),
        stepStarted('like', 'side-effect', { repeatable: true }),
        stepCompleted('like'),
      ),
    ));
});

describe('rules restartable, unreported-activity and ambiguous', () => {
  it('restartable: only steps that may be done again', () =>
    decides('restartable', 'retry', crashed(stepStarted('look', 'read'), stepStarted('open', 'reversible'))));
  it('restartable: a task that declared itself read-only', () =>
    decides('restartable', 'retry', granted('r1', { readOnly: true }), beat(), inspected()));
  it('unreported-activity: a browser in use without a step', () =>
    decides('unreported-activity', 'manual-review', crashed()));
  it('ambiguous: a step that waits for a person may have done anything', () =>
    decides('ambiguous', 'manual-review', crashed(stepStarted('captcha', 'await-human'))));
  it('ambiguous: a record that could not be read', () =>
    decides('ambiguous', 'manual-review', crashed(stepStarted('look', 'read'), unreadable)));
});
