import { explore } from './search.ts';
import { Model } from './model.ts';
import type { Room } from './rooms.ts';
import type { Rules } from './rules.ts';
import { storyOf, type Story } from './story.ts';

/** What the search of one room has come to; plain data, so that a thread can hand it over. */
export interface RoomReport {
  readonly room: string;
  /** Actions to which everything was tried. */
  readonly depth: number;
  readonly states: number;
  readonly transitions: number;
  readonly levels: readonly number[];
  /** What came about, by kind: stages, rules, causes, events, reasons to ignore. */
  readonly seen: ReadonlyMap<string, ReadonlySet<string>>;
  readonly story: Story | null;
  readonly hashes: Float64Array;
  readonly tookMs: number;
}

export const searchRoom = (room: Room, depth = room.depth, rules?: Rules): RoomReport => {
  const startMs = performance.now();
  const model = new Model(rules);
  const { levels, transitions, found, hashes } = explore(model, room, depth);
  return {
    room: room.name,
    depth: levels.length - 1,
    states: hashes.length,
    transitions,
    levels,
    seen: model.seen,
    story: found === null ? null : storyOf(model, room, found),
    hashes,
    tookMs: performance.now() - startMs,
  };
};
