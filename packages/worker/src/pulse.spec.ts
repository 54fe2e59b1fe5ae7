import { describe, expect, it } from 'vitest';
import type { ReportedBrowserState } from './browser-source.ts';
import { Pulse } from './pulse.ts';
import type { LineUser } from './worker-line.ts';

const at = (monotonicMs: number) => ({ monotonicMs, wallMs: 1_700_000_000_000 + monotonicMs });

const user = (askBrowser: LineUser['askBrowser'] = () => new Promise(() => undefined)): LineUser => ({
  profileId: 'p1',
  partition: 0,
  record: () => undefined,
  beatHeard: () => undefined,
  askBrowser,
});

const pulse = (of = user()): Pulse => new Pulse(of, 1, { kind: 'state', state: 'starting' });

const send = (one: Pulse, count: number): void => {
  for (let index = 1; index <= count; index += 1) one.next('run', 'reachable', at(index));
};

describe('the heartbeats of a lease that are under way', () => {
  it('are numbered from 1, and each is known by when it was handed to the log', () => {
    const one = pulse();
    one.late(7);
    one.late(3);
    expect(one.next('run', 'starting', at(5))).toEqual({
      type: 'Heartbeat',
      token: 1,
      incarnation: 'run',
      seq: 1,
      browser: 'starting',
      loopLagMs: 7,
    });
    expect(one.next('run', 'reachable', at(9))).toMatchObject({ seq: 2, loopLagMs: 0 });
    expect(one.heard(2)).toEqual(at(9));
  });

  it('count once: what comes back again, or was overtaken, vouches for nothing', () => {
    const one = pulse();
    send(one, 3);
    expect(one.heard(2)).toEqual(at(2));
    expect([one.heard(1), one.heard(2), one.heard(9)]).toEqual([null, null, null]);
    expect(one.heard(3)).toEqual(at(3));
  });

  it('are forgotten, the oldest first, when too many never came back', () => {
    const one = pulse();
    send(one, 33);
    expect(one.heard(1)).toBeNull();
    expect(one.heard(2)).toEqual(at(2));
  });
});

describe('the question to a browser', () => {
  it('is not put where the answer is known', () => {
    const answers: ReportedBrowserState[] = [];
    pulse().ask((state) => answers.push(state));
    expect(answers).toEqual(['starting']);
  });

  it('is answered by its own answer only, not by a late one of the question before', async () => {
    const settle: ((state: ReportedBrowserState) => void)[] = [];
    const one = pulse(user(() => new Promise((resolve) => settle.push(resolve))));
    one.from({ kind: 'callback' });
    const answers: string[] = [];
    one.ask((state) => answers.push(`first ${state}`));
    one.ask((state) => answers.push(`second ${state}`));
    settle[0]?.('reachable');
    await Promise.resolve();
    expect(answers).toEqual([]);
    settle[1]?.('reachable');
    await Promise.resolve();
    expect(answers).toEqual(['second reachable']);
  });

  it('that fails counts as no answer of the browser', async () => {
    const one = pulse(user(() => Promise.reject(new Error('gone'))));
    one.from({ kind: 'callback' });
    const answers: ReportedBrowserState[] = [];
    one.ask((state) => answers.push(state));
    await new Promise((resolve) => setImmediate(resolve));
    expect(answers).toEqual(['unreachable']);
  });
});
