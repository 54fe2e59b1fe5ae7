/**
 * `npm run test:race`: the race of `src/race` at its full size, on a PostgreSQL of its own. Prints the figures as JSON
 * and ends with 1 where a fault was found. `--writes N`, `--left-open-ms N`, `--seed N` change it.
 */
import { parseArgs } from 'node:util';
import { startStack } from '@profile-warden/devstack';
import { runRace } from '../src/race/race.fixture.ts';

const { values } = parseArgs({
  options: {
    writes: { type: 'string', default: '20000' },
    'left-open-ms': { type: 'string', default: '60000' },
    seed: { type: 'string', default: '1' },
  },
});
await using stack = await startStack({ kind: 'embedded', parts: ['postgres'] });
const figures = await runRace({
  url: stack.postgresUrl,
  seed: Number(values.seed),
  connectionCount: 40,
  writeCount: Number(values.writes),
  profileCount: 20,
  longMs: 200,
  leftOpenMs: Number(values['left-open-ms']),
});
process.stdout.write(`${JSON.stringify(figures)}\n`);
process.exitCode = figures.faults.length === 0 ? 0 : 1;
