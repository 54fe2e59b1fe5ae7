/**
 * Runs every test of the house: unit, simulation, and integration on the real parts. `npm test -- packages/kafka`
 * runs those whose path contains that. The last line is the count, alone.
 */
import { startVitest } from 'vitest/node';
import { closingLine, complaints, notRunLine, tally } from './tally.ts';

const inCi = process.env['CI'] === 'true';
const vitest = await startVitest(process.argv.slice(2), { run: true, watch: false, allowOnly: !inCi });
const result = tally({
  testModules: vitest.state.getTestModules(),
  unhandledErrors: vitest.state.getUnhandledErrors(),
});
await vitest.close();
for (const left of result.notRun) console.log(notRunLine(left));
const faults = complaints(result, inCi);
for (const fault of faults) console.log(`tests: ${fault}`);
console.log(closingLine(result));
// A handle that a test left open must not keep the run from ending.
process.exit(faults.length === 0 && process.exitCode === undefined ? 0 : 1);
