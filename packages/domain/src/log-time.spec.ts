import { beat, elapse, given, granted, type Move } from '@profile-warden/testkit/spec';
import { describe, expect, it } from 'vitest';

const tick =
  (brokerStepMs: number, intervalMs = 1_000): Move =>
  (log) =>
    log.tick(brokerStepMs, intervalMs);
const logMs =
  (expected: number) =>
  (log: { state: { logMs: number } }): void =>
    expect(log.state.logMs).toBe(expected);

describe('log time', () => {
  it('stands at 0 until the second tick', () => given().then(logMs(0)));
  it('adds the broker time between two ticks', () => given(tick(700), tick(1_100)).then(logMs(1_800)));
  it('moves by two intervals at most where the broker clock jumps forward', () =>
    given(tick(86_400_000)).then(logMs(2_000)));
  it('never moves back, and counts on from the earlier time', () =>
    given(tick(1_000), tick(-50_000), tick(1_000)).then(logMs(2_000)));
  it('counts a jump forward and back once', () =>
    given(tick(500_000), tick(-500_000), tick(1_000)).then(logMs(3_000)));
  it('stands still while nobody ticks, whatever the records say', () =>
    given(granted())
      .when((log) => {
        log.brokerMs += 3_600_000;
        log.append(beat());
      })
      .then(logMs(0), { detector: null, authority: [] }));
  it('does not age a lease by the time that a detector was down', () =>
    given(granted(), beat()).when(tick(600_000), tick(1_000)).then({ detector: null }));
  it('takes a tick without a sensible interval for no time', () =>
    given(tick(1_000, -5), elapse(0)).then(logMs(0)));
});
