import { runSeed, type SeedReport } from './seed-report.ts';
import type { RunArguments } from './arguments.ts';
import { runSeeds } from './seed-pool.ts';
import { shrink, type Shrunk } from './shrink.ts';
import { storyOf } from './story.ts';
import { Totals } from './totals.ts';

export interface Terminal {
  readonly say: (line: string) => void;
  /** Real time, in ms. */
  readonly now: () => number;
  readonly signal: AbortSignal;
}

const SHRINK_TRIES_MAX = 400;
const SHRINK_MS_MAX = 60_000;

/** Does what the arguments say; returns the exit code: 0 as it must be, 1 not so, 130 interrupted. */
export const run = async (asked: RunArguments, terminal: Terminal): Promise<number> => {
  const { say, now, signal } = terminal;
  const totals = new Totals();
  const startedAtMs = now();
  const take = (report: SeedReport): boolean => {
    totals.add(report);
    if (report.failure === null) return true;
    say(`seed ${report.seed}: ${report.failure.message}`);
    return !asked.stopsAtFirst;
  };
  if (asked.tells) await tellOne(asked, take, say);
  else await runSeeds({ first: asked.first, count: asked.count }, { threads: asked.threads, signal }, take);
  const realMs = now() - startedAtMs;
  if (totals.shrinkable !== null && asked.shrinks && !signal.aborted)
    tellShrunk(
      await shrink(
        totals.shrinkable,
        { only: asked.only, untilMs: asked.untilMs },
        { triesMax: SHRINK_TRIES_MAX, msMax: SHRINK_MS_MAX, now },
      ),
      say,
    );
  if (!asked.json) tellCounts(totals, say);
  // What ended early reaches little, and so does one seed.
  const isWhole = !asked.tells && totals.violations === 0 && !signal.aborted;
  for (const what of isWhole && !asked.json ? totals.notCovered : []) say(`not covered: ${what}`);
  say(totals.line(realMs));
  if (signal.aborted) return 130;
  return totals.isGood ? 0 : 1;
};

const tellOne = async (
  { first, only, untilMs, shrinks }: RunArguments,
  take: (report: SeedReport) => boolean,
  say: (line: string) => void,
): Promise<void> => {
  const { report, simulation } = await runSeed(first, {
    only,
    ...(untilMs === null ? {} : { faultMs: untilMs }),
  });
  // What is about to be shrunk is told once, when it is short.
  if (report.failure === null || !shrinks)
    for (const line of storyOf(simulation.chronicle.happenings, simulation.judge.blamed)) say(line);
  take(report);
};

const tellShrunk = (shrunk: Shrunk | null, say: (line: string) => void): void => {
  if (shrunk === null) {
    say('it does not fail when it is run again: something in it does not follow from the seed');
    return;
  }
  const { seed, only, untilMs, failure, simulation, tries } = shrunk;
  say(`the shortest story found, after ${tries} runs:`);
  for (const line of storyOf(simulation.chronicle.happenings, simulation.judge.blamed)) say(line);
  say(failure.message);
  const choice = only === null ? '' : ` --only ${only.length === 0 ? 'none' : only.join(',')}`;
  say(`again: npm run sim -- --seed ${seed}${choice} --until ${untilMs} --no-shrink`);
};

const tellCounts = ({ seen }: Totals, say: (line: string) => void): void => {
  for (const [what, times] of [...seen].sort(([left], [right]) => (left < right ? -1 : 1)))
    say(`${String(times).padStart(9)} ${what}`);
};
