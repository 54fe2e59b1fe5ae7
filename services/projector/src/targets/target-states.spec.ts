import type { FenceTargetState } from '@profile-warden/postgres';
import { VirtualClock } from '@profile-warden/testkit/memory';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { ProjectorSignal } from '../signals.ts';
import { TargetStates } from './target-states.ts';

interface Run {
  readonly clock: VirtualClock;
  readonly states: TargetStates;
  readonly written: (readonly FenceTargetState[])[];
  readonly signals: ProjectorSignal[];
  isAway: boolean;
}

function run(): Run {
  const clock = new VirtualClock();
  const signals: ProjectorSignal[] = [];
  const written: (readonly FenceTargetState[])[] = [];
  const stopping = new AbortController();
  const store = {
    write: (states: readonly FenceTargetState[]) => {
      if (running.isAway) return Promise.reject(new Error('away'));
      written.push(states);
      return Promise.resolve();
    },
    remove: () => Promise.resolve(void written.push([])),
  };
  const states = new TargetStates({
    targets: ['accounts', 'orders'],
    store,
    clock,
    wallMs: () => 1_000_000 + clock.now(),
    onSignal: (signal) => void signals.push(signal),
  });
  const running: Run = { clock, states, written, signals, isAway: false };
  const over = states.run(stopping.signal);
  onTestFinished(async () => {
    stopping.abort();
    await over;
    expect(written.at(-1)).toEqual([]);
  });
  return running;
}

const accounts = ({ states }: Run): FenceTargetState | undefined => states.states[0];
const down = (message: string): ProjectorSignal => ({
  type: 'target-down',
  target: 'accounts',
  pendingCount: 4,
  error: new Error(message),
});
const blocked = (profileId: string): ProjectorSignal => ({
  type: 'fence-blocked',
  target: 'accounts',
  profileId,
  token: 2,
  sessions: [{ pid: 7, applicationName: 'billing', userName: 'app', openMs: 400.4 }],
});

describe('the state of a fence target', () => {
  it('says since when it cannot be reached, why, and how many rows wait for it', async () => {
    const one = run();
    await one.clock.advance(500);
    one.states.note({ type: 'target-up', target: 'accounts', incarnation: 'db:1' });
    expect(accounts(one)).toMatchObject({
      isReachable: true,
      since: 1_000_500,
      incarnation: 'db:1',
      lastError: null,
    });
    await one.clock.advance(500);
    one.states.note(down('refused'));
    await one.clock.advance(500);
    one.states.note(down('refused again'));
    expect(accounts(one)).toMatchObject({
      isReachable: false,
      since: 1_001_000,
      incarnation: 'db:1',
      lastError: 'refused again',
      pendingCount: 4,
    });
    expect(one.states.states[1]).toMatchObject({
      target: 'orders',
      isReachable: false,
      lastError: 'not reached yet',
    });
  });

  it('names who is in the way of which profile until they are gone', async () => {
    const one = run();
    one.states.note(blocked('p1'));
    await one.clock.advance(10_000);
    one.states.note(blocked('p1'));
    one.states.note(blocked('p2'));
    expect(accounts(one)?.blocked).toEqual([
      {
        profileId: 'p1',
        token: 2,
        since: 1_000_000,
        sessions: [{ pid: 7, applicationName: 'billing', userName: 'app', since: 1_009_600 }],
      },
      expect.objectContaining({ profileId: 'p2', since: 1_010_000 }),
    ]);
    one.states.note({ type: 'fence-freed', target: 'accounts', profileId: 'p1' });
    expect(accounts(one)?.blocked).toHaveLength(1);
    await one.clock.advance(121_000);
    expect(accounts(one)?.blocked).toEqual([]);
  });

  it('is written at most once a second while it changes, and now and then while it does not', async () => {
    const one = run();
    await one.clock.advance(0);
    expect(one.written).toHaveLength(1);
    for (let step = 0; step < 20; step += 1) {
      one.states.note(blocked(`p${step}`));
      await one.clock.advance(100);
    }
    expect(one.written).toHaveLength(3);
    await one.clock.advance(30_000);
    expect(one.written.length).toBeGreaterThan(4);
    expect(one.written.length).toBeLessThan(8);
  });

  it('is written once the read model is back', async () => {
    const one = run();
    one.isAway = true;
    one.states.note(down('gone'));
    await one.clock.advance(3_000);
    expect(one.signals).toEqual([{ type: 'target-state-unwritten', error: new Error('away') }]);
    one.isAway = false;
    await one.clock.advance(6_000);
    expect(one.written.at(-1)?.[0]).toMatchObject({ lastError: 'gone' });
  });
});
