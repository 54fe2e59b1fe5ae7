/** Prints the histories of so many seeds of the simulation as JSON lines, for `go run .` in this folder. */
import { parseArgs } from 'node:util';
import { linesOf } from './operation.fixture.ts';
import { simulatedHistory } from './simulated-history.fixture.ts';

const { values } = parseArgs({
  options: { seeds: { type: 'string', default: '20' }, seed: { type: 'string', default: '1' } },
});
const [first, count] = [Number(values.seed), Number(values.seeds)];
if (!Number.isSafeInteger(first) || !Number.isSafeInteger(count) || count < 1) {
  process.stderr.write('usage: node tests/linearizability/simulated-history.ts [--seeds 20] [--seed 1]\n');
  process.exit(2);
}
for (let seed = first; seed < first + count; seed += 1) {
  const { operations, objection } = await simulatedHistory(seed);
  process.stdout.write(linesOf(operations));
  if (objection !== null) process.stderr.write(`seed ${seed}: ${objection}\n`);
}
