import { moves as authorityMoves } from './moves/authority.ts';
import { moves as databaseMoves } from './moves/database.ts';
import { moves as peopleMoves } from './moves/people.ts';
import { moves as serviceMoves } from './moves/services.ts';
import { moves as workerMoves } from './moves/workers.ts';
import type { Model } from './model.ts';
import type { Move } from './moves/move.ts';
import type { Situation } from './situation.ts';

/** Everything that can happen next, always in the same order. */
export const movesOf = (model: Model, from: Situation): readonly Move[] => [
  ...serviceMoves(model, from),
  ...authorityMoves(model, from),
  ...databaseMoves(model, from),
  ...workerMoves(model, from),
  ...peopleMoves(model, from),
];
