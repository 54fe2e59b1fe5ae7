import type { Model } from '../model.ts';
import type { Situation } from '../situation.ts';
import type { Turn } from '../turn.ts';
import type { Move } from './move.ts';

/**
 * The live authority decides on what it has read and commits at once or later; until its decision has come back it
 * makes no other. When another takes over, whatever it had decided and not committed is a zombie's: it can decide
 * nothing more, since to go on it would have to read, and the first thing it would read is the barrier.
 */
export const moves = (model: Model, from: Situation): Move[] => {
  const found: Move[] = [];
  const owed = from.pending.length > 0 ? [] : model.owed('authority', from.view);
  if (owed.length > 0) {
    const what = named(model, owed);
    found.push({ name: `the authority pays: ${what}`, play: (turn) => appendAll(turn, owed) });
    found.push({
      name: `the authority decides: ${what}`,
      play: (turn) => {
        turn.pending = owed;
      },
    });
  }
  if (from.pending.length > 0)
    found.push({
      name: `the authority commits: ${named(model, from.pending)}`,
      play: (turn) => {
        const batch = turn.pending;
        turn.pending = [];
        appendAll(turn, batch);
      },
    });
  if (from.zombie.length > 0)
    found.push({
      name: `the zombie commits: ${named(model, from.zombie)}`,
      play: (turn) => {
        const batch = turn.zombie;
        turn.zombie = [];
        appendAll(turn, batch);
      },
    });
  if (model.allowances.value(from.allowance).takeovers > 0) found.push(takeover(model));
  return found;
};

const takeover = (model: Model): Move => ({
  name: 'another authority takes over',
  play: (turn) => {
    turn.use('takeovers');
    turn.zombie = turn.pending;
    turn.pending = [];
    turn.append(
      model.record('authority', { type: 'AuthorityEpochStarted', foldVersion: 1, instanceId: 'a2' }),
    );
  },
});

const named = (model: Model, records: readonly number[]): string =>
  records.map((record) => model.sent.value(record).event.type).join(' and ');

const appendAll = (turn: Turn, records: readonly number[]): void => {
  // Each record moves the names of none: offsets are renamed when the turn ends.
  for (const record of records) turn.append(record);
};
