import type { Folded } from '@profile-warden/domain';
import type { EventOf, WardenEvent } from '@profile-warden/events';
import { describe, expect, it } from 'vitest';
import {
  beat,
  decided,
  evidence,
  fenceConfirmed,
  releaseRequested,
  reviewResolved,
  stepCompleted,
  stepStarted,
  suspected,
} from '../spec/index.ts';
import { EMPTY_BOOKS, enter, written, type Books } from './books.ts';
import { TICK_MS } from './tiny-policy.ts';

interface Line {
  readonly event: WardenEvent;
  readonly folded?: Folded;
  readonly decidedOn?: number | null;
}

const BARRIER: WardenEvent = { type: 'AuthorityEpochStarted', foldVersion: 1, instanceId: 'a1' };
const grant = (token: number, requestId = `r${token}`): EventOf<'LeaseGranted'> => ({
  type: 'LeaseGranted',
  epoch: 0,
  token,
  requestId,
  holder: { workerId: 'w1', incarnation: 'i1', hostId: 'h1', taskId: 't1' },
  intent: 'fresh',
  leaseMs: 40,
  maxRuntimeMs: 1_000,
  resumeFrom: null,
});
const release = (token: number): WardenEvent => ({ type: 'LeaseReleased', epoch: 0, token, round: null });
const quarantine = (round = 1, fenceTargets: readonly string[] = []): WardenEvent => ({
  type: 'Quarantined',
  epoch: 0,
  token: 1,
  round,
  cause: 'operator',
  suspicionOffset: null,
  fenceTargets: [...fenceTargets],
});

/** Books of a log that begins with a barrier at offset 0; every record took effect unless the line says otherwise. */
const booksOf = (...lines: readonly (WardenEvent | Line)[]): Books =>
  [BARRIER, ...lines].reduce<Books>((books, line, offset) => {
    const { event, folded = 'applied', decidedOn = null }: Line = 'event' in line ? line : { event: line };
    return enter(books, { event, offset, folded, decidedOn });
  }, EMPTY_BOOKS);

describe('the books', () => {
  it.each<[string, string, readonly (WardenEvent | Line)[]]>([
    ['I1', 'a token below the last', [grant(2), release(2), grant(1)]],
    ['I2', 'a token once more', [grant(1), release(1), grant(1, 'r2')]],
    ['I3', 'a grant while a lease runs', [grant(1), grant(2)]],
    ['I5', 'a deposed authority that is obeyed', [{ event: { ...grant(1), epoch: -1 } }]],
    ['I6', 'a second answer', [grant(1), release(1), grant(2, 'r1')]],
    ['I8', 'a round that was', [grant(1), quarantine(2), quarantine(2)]],
    ['I8', 'a grant in an open case', [grant(1), quarantine(), grant(2)]],
    [
      'I8',
      'a second decision of a round',
      [grant(1), quarantine(), evidence(2), decided(2, { outcome: 'manual-review' }), decided(2)],
    ],
    ['I8', 'a review of another round', [grant(1), quarantine(2), reviewResolved(2)]],
    ['I9', 'evidence before a fence', [grant(1), quarantine(1, ['accounts']), evidence(2)]],
    ['I10', 'a suspicion that forgets a heartbeat', [grant(1), beat(), suspected('heartbeat-stopped', null)]],
    ['I10', 'a suspicion that comes too early', [grant(1), beat(), suspected('heartbeat-stopped', 2)]],
    ['I11', 'a release of something open', [grant(1), stepStarted('pay', 'sensitive'), release(1)]],
    [
      'I11',
      'a grant with something sensitive open',
      [grant(1), release(1), { event: stepStarted('pay', 'sensitive'), folded: 'old-token' }, grant(2)],
    ],
    ['I17', 'an authority that is not obeyed', [{ event: grant(1), folded: 'not-in-this-stage' }]],
    [
      'evidence',
      'a decision although the holder spoke',
      [grant(1), quarantine(), evidence(2), beat(), decided(2)],
    ],
    ['evidence', 'a decision on another offset', [grant(1), quarantine(), evidence(2), decided(3)]],
    ['evidence', 'a review although the holder spoke', [grant(1), quarantine(), beat(), reviewResolved(2)]],
  ])('by %s do not stand %s', (invariant, _what, lines) => {
    expect(() => booksOf(...lines)).toThrow(expect.objectContaining({ invariant }) as Error);
    // Without the last line all is well.
    expect(() => booksOf(...lines.slice(0, -1))).not.toThrow();
  });

  it('stand a grant that was decided before the step was in the log', () => {
    const late: Line = { event: stepStarted('pay', 'sensitive'), folded: 'old-token' };
    const decidedBefore: Line = { event: grant(2), decidedOn: 2 };
    expect(() => booksOf(grant(1), release(1), late, decidedBefore)).not.toThrow();
  });
  it('stand a release of what is settled, and of what only reads', () => {
    const settled = [stepStarted('pay', 'sensitive'), stepCompleted('pay'), stepStarted('look', 'read')];
    expect(() => booksOf(grant(1), ...settled, releaseRequested(), release(1))).not.toThrow();
  });
  it('count log time by the ticks, two intervals at most', () => {
    const tick: WardenEvent = { type: 'ClockTicked', intervalMs: TICK_MS, epoch: 0 };
    const first = enter(EMPTY_BOOKS, { event: tick, offset: 0, folded: 'applied', decidedOn: null });
    expect(first.logMs).toBe(0);
    const late = { ...first, lastTickAtMs: -5 * TICK_MS };
    expect(enter(late, { event: tick, offset: 1, folded: 'applied', decidedOn: null }).logMs).toBe(
      2 * TICK_MS,
    );
  });
  it('by I4 do not stand a write behind a newer one, or behind a fence that was confirmed', () => {
    const fenced = booksOf(grant(1), quarantine(1, ['accounts']), fenceConfirmed('accounts'));
    expect(() => written(fenced, 1)).toThrow(expect.objectContaining({ invariant: 'I4' }) as Error);
    expect(() => written(written(EMPTY_BOOKS, 2), 1)).toThrow('accepted after one with 2');
    expect(written(fenced, 2).writtenToken).toBe(2);
  });
});
