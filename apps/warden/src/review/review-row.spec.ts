import { beat, granted, inReview, on, request, reviewResolved } from '@profile-warden/testkit/spec';
import { describe, expect, it } from 'vitest';
import { byUrgency, reviewRows } from './review-row.ts';
import { reviewLines } from './review-text.ts';

describe('the list of reviews', () => {
  it('has what a person needs to judge, and the command that ends it', () => {
    const log = inReview(on('p2', request('r2')));
    const rows = reviewRows(log.state);
    expect(rows).toHaveLength(1);
    const [row] = rows;
    expect(row).toMatchObject({
      profileId: 'p1',
      stage: 'manual-review',
      token: 1,
      round: 1,
      rule: 'sensitive-open',
      holder: { workerId: 'w1', hostId: 'h1', taskId: 't1' },
      openSteps: [{ stepId: 'pay' }],
      holderSilentInMs: 0,
    });
    expect(row?.command).toBe(
      `npm run warden -- review resolve p1 --token 1 --round 1 --based-on ${log.nextOffset - 1} ` +
        "--outcome OUTCOME --verdict pay=VERDICT --note 'WHY'",
    );
    expect(reviewLines(row as NonNullable<typeof row>).join('\n')).toContain('sensitive-open');
  });

  it('quotes a step id that a shell would take apart', () => {
    const log = inReview();
    const profile = log.profile();
    const [open] = profile.history.openSteps;
    const step = { ...(open as NonNullable<typeof open>), stepId: "a'; rm" };
    log.state.profiles.set('p1', { ...profile, history: { ...profile.history, openSteps: [step] } });
    expect(reviewRows(log.state)[0]?.command).toContain(String.raw`--verdict 'a'\''; rm=VERDICT'`);
  });

  it('says how long a holder that spoke again may still believe in its lease', () => {
    const log = inReview(beat());
    expect(reviewRows(log.state)[0]?.holderSilentInMs).toBe(log.policy.leaseMs);
  });

  it('shows those out of service last', () => {
    const retired = inReview((log) => log.append(reviewResolved(log.nextOffset - 1, { outcome: 'retired' })));
    const rows = [...reviewRows(retired.state), ...reviewRows(inReview(granted('r9')).state)];
    expect(rows.sort(byUrgency).map(({ stage }) => stage)).toEqual(['manual-review', 'retired']);
  });
});
