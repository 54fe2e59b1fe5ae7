import { parseArguments, USAGE } from './runner/arguments.ts';
import { run } from './runner/run.ts';

const interrupted = new AbortController();
process.once('SIGINT', () => interrupted.abort());
process.once('SIGTERM', () => interrupted.abort());

const say = (line: string): void => void process.stdout.write(`${line}\n`);

try {
  const asked = parseArguments(process.argv.slice(2));
  if (asked === null) say(USAGE);
  else process.exitCode = await run(asked, { say, now: () => performance.now(), signal: interrupted.signal });
} catch (error) {
  if (!(error instanceof RangeError || error instanceof TypeError)) throw error;
  process.stderr.write(`${error.message}\n\n${USAGE}`);
  process.exitCode = 2;
}
