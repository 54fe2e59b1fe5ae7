import { emptyPartition, evolve, type PartitionState } from '@profile-warden/domain';
import { describe, expect, it } from 'vitest';
import { MemoryLog, VirtualClock } from '../memory/index.ts';
import { request } from '../spec/index.ts';
import { copyOf } from './folded-copy.ts';
import { FoldCheck } from './fold-check.ts';

/** A log of so many requests, folded, with every snapshot that was due by then. */
const folded = (
  count: number,
): { readonly check: FoldCheck; readonly state: PartitionState; readonly due: number } => {
  const log = new MemoryLog({ clock: new VirtualClock() });
  const check = new FoldCheck(log);
  const state = emptyPartition(0);
  let due = 0;
  for (let index = 0; index < count; index += 1) {
    log.write({ id: `e${index}`, profileId: 'p1', event: request(`r${index}`) });
    for (const record of log.committed(0, state.nextOffset).records) {
      evolve(state, record);
      if (check.take(state)) due += 1;
    }
  }
  return { check, state, due };
};

describe('the check of the folds', () => {
  it('takes a snapshot each 50 records, and finds everybody where the log says', () => {
    const { check, state, due } = folded(120);
    expect(due).toBe(2);
    const behind = emptyPartition(0);
    check.compare([
      { name: 'one', state },
      { name: 'another', state: behind },
    ]);
    check.replay(state);
  });

  it('tells who sees something else, where, and what', () => {
    const { check, state } = folded(120);
    const other = copyOf(state);
    other.logMs += 1;
    expect(() => check.compare([{ name: 'decider-0', state: other }])).toThrow(
      'I12: decider-0 at 120 of partition 0 is another: state.logMs: 1 here, 0 there',
    );
  });

  it('finds a state that something not in the log has changed', () => {
    const { check, state } = folded(120);
    const profile = state.profiles.get('p1');
    if (profile !== undefined) state.profiles.set('p1', { ...profile, token: 9 });
    expect(() => check.replay(state)).toThrow(
      'I14: a replay gives another state: state.profiles.p1.token: 9 here',
    );
  });

  it('finds at the next snapshot what a snapshot does not bring back', () => {
    const { check, state } = folded(50);
    const profile = state.profiles.get('p1');
    if (profile !== undefined) state.profiles.set('p1', { ...profile, round: 3 });
    expect(() => {
      for (let index = 0; index < 50; index += 1) check.take(state);
    }).toThrow(
      'I12: the live state at 50 of partition 0 is another: state.profiles.p1.round: 3 here, 0 there',
    );
  });
});
