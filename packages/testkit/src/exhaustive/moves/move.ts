import type { Turn } from '../turn.ts';

/** One thing that may happen. Its name tells it apart from all others that may happen in the same situation. */
export interface Move {
  readonly name: string;
  readonly play: (turn: Turn) => void;
}

/** Most records of services that are late at once. */
const MAX_LATE = 2;

/** Decides now, sends later: what comes of a service that reads on with delay, or is paused before it sends. */
export const later = (
  late: readonly number[],
  record: number,
  name: string,
): readonly [Move] | readonly [] =>
  late.length >= MAX_LATE || late.includes(record)
    ? []
    : [
        {
          name,
          play: (turn) => {
            turn.late = [...turn.late, record].sort((left, right) => left - right);
          },
        },
      ];
