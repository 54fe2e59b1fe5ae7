import { parseArgs } from 'node:util';
import { countDistinct } from './hash.ts';
import { searchAll, type Task } from './pool.ts';
import type { RoomReport } from './report.ts';
import { ROOMS, type Room } from './rooms.ts';
import { actionCount, linesOf, scenarioOf } from './story.ts';

const SHALLOW_DEPTHS = [3, 6];

const HELP = `Tries everything that can happen to one profile, from prepared situations ("rooms"), to a set number of actions.

  npm run sim:exhaustive -- [options]

  --room NAME   only this room; may be given several times
  --depth N     so many actions instead of each room's own number
  --threads N   rooms searched at the same time, 1 to 16 (default 2)
  --first       stop at the first violation; searches all rooms a little before any in full
  --json        print nothing but one line of JSON at the end
  --help        this text

Rooms:
${ROOMS.map(({ name, depth, about }) => `  ${name.padEnd(16)} depth ${depth}  ${about}`).join('\n')}
`;

const { values } = parseArgs({
  options: {
    room: { type: 'string', multiple: true, default: [] },
    depth: { type: 'string' },
    threads: { type: 'string', default: '2' },
    first: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
const say = (line: string): void => void process.stdout.write(`${line}\n`);

const wholeNumber = (option: string, text: string, max: number): number => {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1 || value > max)
    throw new RangeError(`--${option} must be a whole number from 1 to ${max}, got ${text}`);
  return value;
};

const roomNamed = (name: string): Room => {
  const room = ROOMS.find((one) => one.name === name);
  if (room === undefined)
    throw new RangeError(`there is no room ${name}; choose of ${ROOMS.map((one) => one.name).join(', ')}`);
  return room;
};

const sayRoom = ({ room, depth, states, transitions, tookMs }: RoomReport): void =>
  say(
    `${room.padEnd(16)} depth ${depth} ${String(states).padStart(9)} states ${String(transitions).padStart(9)} ` +
      `transitions ${(tookMs / 1_000).toFixed(1).padStart(6)} s`,
  );

/** The same rooms less deep: a violation that is near is found in seconds. */
const shallow = (tasks: readonly Task[]): Task[] =>
  SHALLOW_DEPTHS.flatMap((depth) =>
    tasks.filter((task) => task.depth > depth).map(({ room }) => ({ room, depth })),
  );

/** What came about in any room, by kind, in alphabetical order. */
const seenIn = (reports: readonly RoomReport[]): Readonly<Record<string, readonly string[]>> => {
  const seen: Record<string, string[]> = {};
  for (const kind of ['stages', 'rules', 'causes', 'events', 'ignored'])
    seen[kind] = [...new Set(reports.flatMap((report) => [...(report.seen.get(kind) ?? [])]))].sort();
  return seen;
};

const sayStories = (reports: readonly RoomReport[]): void => {
  for (const { room, story } of reports) {
    if (story === null) continue;
    for (const line of linesOf(story)) say(line);
    say('As a test:');
    for (const line of scenarioOf(story)) say(line);
    say(`again: npm run sim:exhaustive -- --room ${room}`);
  }
};

const run = async (): Promise<void> => {
  const rooms = values.room.length === 0 ? ROOMS : values.room.map(roomNamed);
  const depth = values.depth === undefined ? null : wholeNumber('depth', values.depth, 1_000);
  const full = rooms.map((room) => ({ room, depth: depth ?? room.depth }));
  const tasks = values.first ? [...shallow(full), ...full] : full;
  const startMs = performance.now();
  const reports = await searchAll(tasks, wholeNumber('threads', values.threads, 16), values.first);
  const stories = reports.flatMap(({ story }) => story ?? []);
  const states = countDistinct(reports.map(({ hashes }) => hashes));
  const seconds = Number(((performance.now() - startMs) / 1_000).toFixed(1));
  const seen = seenIn(reports);
  if (!values.json) {
    for (const report of reports) sayRoom(report);
    for (const [kind, names] of Object.entries(seen)) say(`${kind}: ${names.join(', ')}`);
    sayStories(reports);
  }
  say(
    JSON.stringify({
      states,
      violations: stories.length,
      transitions: reports.reduce((sum, report) => sum + report.transitions, 0),
      seconds,
      rooms: reports.map((report) => ({
        room: report.room,
        depth: report.depth,
        states: report.states,
        violation: report.story?.message ?? null,
        actions: report.story === null ? null : actionCount(report.story),
      })),
      stages: seen.stages,
      rules: seen.rules,
    }),
  );
  process.exitCode = stories.length === 0 ? 0 : 1;
};

try {
  if (values.help) say(HELP);
  else await run();
} catch (error) {
  if (!(error instanceof RangeError)) throw error;
  process.stderr.write(`${error.message}\n\n${HELP}`);
  process.exitCode = 2;
}
