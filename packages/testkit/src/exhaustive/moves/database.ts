import { written } from '../books.ts';
import type { Model } from '../model.ts';
import type { Situation } from '../situation.ts';
import { later, type Move } from './move.ts';

/**
 * The projector, and the database `accounts` that it keeps. A fence is raised in two commits, first the mark that keeps
 * new writers out, then the row, which waits for the write under way; only then it is confirmed. `orders` is the same in
 * one, since nobody writes to it here: it is there because a quarantine waits for all its targets.
 */
export const moves = (model: Model, from: Situation): Move[] => [
  ...projector(model, from),
  ...writes(model, from),
];

const projector = (model: Model, from: Situation): Move[] => {
  const { markedToken, token, isValid, writingToken } = model.databases.value(from.database);
  const one = model.caseOf(from.view);
  if (one === null) return [];
  const found: Move[] = [];
  for (const record of model.fences(from.view)) {
    const event = model.eventOf(record, 'FenceConfirmed');
    if (event === null) continue;
    const isRaised = token > event.token || (token === event.token && !isValid);
    if (event.target !== 'accounts' || isRaised) {
      found.push({
        name: `the projector confirms the fence of ${event.target}`,
        play: (turn) => turn.append(record),
      });
      found.push(...later(from.late, record, `the projector is late to confirm ${event.target}`));
    }
    if (event.target !== 'accounts') continue;
    if (markedToken < event.token)
      found.push({
        name: 'the projector marks the token revoked',
        play: (turn) => turn.setDatabase({ markedToken: event.token }),
      });
    else if (writingToken === null && token <= event.token && isValid)
      found.push({
        name: 'the projector raises the fence row',
        play: (turn) => turn.setDatabase({ token: event.token, isValid: false }),
      });
  }
  const row = model.rules.fenceRowOf(one.profile);
  if (row?.valid === true && row.token > token && writingToken === null)
    found.push({
      name: 'the projector advances the fence row',
      play: (turn) => turn.setDatabase({ token: row.token, isValid: true }),
    });
  return found;
};

/** Writes of account services on behalf of any token that there was, by holders and by those who once were. */
const writes = (model: Model, from: Situation): Move[] => {
  const { markedToken, token, isValid, writingToken } = model.databases.value(from.database);
  if (writingToken !== null)
    return [
      {
        name: `the write with token ${writingToken} commits`,
        play: (turn) => {
          turn.setDatabase({ writingToken: null });
          turn.books = model.books.id(written(model.books.value(turn.books), writingToken));
        },
      },
    ];
  if (model.allowances.value(from.allowance).writes === 0 || !isValid || markedToken >= token) return [];
  return [
    {
      name: `a write with token ${token} begins`,
      play: (turn) => {
        turn.use('writes');
        turn.setDatabase({ writingToken: token });
      },
    },
  ];
};
