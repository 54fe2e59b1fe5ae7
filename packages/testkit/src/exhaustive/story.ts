import type { WardenEvent } from '@profile-warden/events';
import type { Model } from './model.ts';
import { movesOf } from './moves.ts';
import { RealOffsets, type Told } from './real-offsets.ts';
import { enterRoom, type Room } from './rooms.ts';
import type { Found } from './search.ts';
import { Turn } from './turn.ts';

export interface Chapter {
  /** What happened, and by whom. */
  readonly name: string;
  /** It lies in the way to the room: it had to happen before the search began. */
  readonly isBefore: boolean;
  readonly records: readonly Told[];
}

/** What happened from an empty log to the broken invariant. */
export interface Story {
  readonly room: string;
  readonly invariant: string;
  readonly message: string;
  readonly chapters: readonly Chapter[];
}

/** Goes the way again that the search found, and writes down what happens on it. */
export const storyOf = (model: Model, room: Room, found: Found): Story => {
  const { turns, situation: start, violation } = enterRoom(model, room);
  const offsets = new RealOffsets();
  const chapters = turns.map((turn, index): Chapter => ({
    name: room.path[index] ?? '',
    isBefore: violation === null,
    records: offsets.tell(turn),
  }));
  let situation = start;
  for (const [place, index] of found.path.entries()) {
    const move = movesOf(model, situation)[index];
    if (move === undefined) throw new Error(`there is no move ${index} at step ${place}`);
    const turn = new Turn(model, situation);
    try {
      move.play(turn);
      situation = turn.end();
    } catch (error) {
      if (place < found.path.length - 1) throw error;
    }
    chapters.push({ name: move.name, isBefore: false, records: offsets.tell(turn) });
  }
  return {
    room: room.name,
    invariant: found.violation.invariant,
    message: found.violation.message,
    chapters,
  };
};

/** Actions from the room to the broken invariant. */
export const actionCount = ({ chapters }: Story): number =>
  chapters.filter(({ isBefore }) => !isBefore).length;

/** One line per action, and per record that it brought into the log. */
export const linesOf = ({ room, message, chapters }: Story): readonly string[] => [
  `room ${room}: ${message}`,
  ...chapters.flatMap(({ name, isBefore, records }) => [
    `${isBefore ? ' .' : ' *'} ${name}`,
    ...records.map(
      ({ offset, event, folded }) =>
        `      @${String(offset).padEnd(3)} ${event.type} ${detail(event)} ${folded}`,
    ),
  ]),
];

const TOLD = [
  'token',
  'round',
  'attempt',
  'epoch',
  'basedOn',
  'outcome',
  'cause',
  'requestId',
  'stepId',
  'target',
];

const detail = (event: WardenEvent): string =>
  Object.entries(event)
    .filter(([name]) => TOLD.includes(name))
    .map(([name, value]) => `${name}=${String(value)}`)
    .join(' ');

/** A test to copy: the log of the story, as moves of `given` and `when`. */
export const scenarioOf = (story: Story): readonly string[] => {
  const moves = (isBefore: boolean): string[] =>
    story.chapters
      .filter((chapter) => chapter.isBefore === isBefore)
      .flatMap(({ records }) =>
        records.map(({ event, passedMs }) =>
          event.type === 'ClockTicked' ? `  (log) => log.tick(${passedMs}),` : `  ${JSON.stringify(event)},`,
        ),
      );
  return [
    `it(${JSON.stringify(`never: ${story.message}`)}, () =>`,
    'given(',
    '  withPolicy(TINY_POLICY),',
    ...moves(true),
    ')',
    '.when(',
    ...moves(false),
    ')',
    '.then({}));',
  ];
};
