import { parseArgs } from 'node:util';
import { Violation } from '../walk/ledger.ts';
import { missing } from './coverage.ts';
import { Simulation } from './simulation.ts';

/** Lines of the story that a violation is told with. */
const STORY_LINES = 60;

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '200' },
    seed: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
  },
});
const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** What led to the violation, in log order. */
const story = (simulation: Simulation): readonly string[] =>
  simulation.judge.states.flatMap(({ partition }) =>
    simulation.log
      .committed(partition)
      .records.filter(({ event }) => event.type !== 'ClockTicked')
      .slice(-STORY_LINES)
      .map(({ offset, brokerMs, profileId, event }) => {
        const { type, ...rest } = event;
        const seconds = ((brokerMs - 1_700_000_000_000) / 1_000).toFixed(3);
        return `  ${partition}/${offset} ${seconds}s ${profileId ?? '-'} ${type} ${JSON.stringify(rest).slice(0, 160)}`;
      }),
  );

const first = Number(values.seed);
const count = Number(values.seeds);
const seen = new Map<string, number>();
let [steps, records, violations] = [0, 0, 0];
const startedAt = performance.now();
for (let seed = first; seed < first + count; seed += 1) {
  const simulation = new Simulation(seed);
  try {
    await simulation.run();
  } catch (error) {
    if (!(error instanceof Violation)) throw error;
    violations += 1;
    say(`seed ${seed}: ${error.message}`);
    for (const line of values.json ? [] : story(simulation)) say(line);
    say(`again: node packages/testkit/src/simulation/main.ts --seeds 1 --seed ${seed}`);
  }
  steps += simulation.steps;
  records += simulation.judge.recordCount;
  for (const [what, times] of simulation.seen) seen.set(what, (seen.get(what) ?? 0) + times);
}
const seconds = (performance.now() - startedAt) / 1_000;
const notCovered = missing(seen);
if (!values.json) {
  for (const [what, times] of [...seen].sort()) say(`${String(times).padStart(9)} ${what}`);
  for (const what of notCovered) say(`not covered: ${what}`);
}
say(
  JSON.stringify({
    seeds: count,
    steps,
    records,
    violations,
    notCovered,
    seedsPerSecond: Number((count / seconds).toFixed(1)),
  }),
);
process.exitCode = violations === 0 ? 0 : 1;
