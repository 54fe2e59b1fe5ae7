import { run } from './program.ts';

/** Time for sockets to close by themselves; a broker that does not answer keeps them open for longer. */
const LEAVE_MS = 500;

// The reader of a pipe may have seen enough.
process.stdout.on('error', () => process.exit(0));

/** Only up to the edge: what is drawn over must be one line. */
const redraw = (line: string): void => {
  process.stderr.write(`\r\u001b[2K${line.slice(0, process.stderr.columns - 1)}`);
};

process.exitCode = await run(process.argv.slice(2), {
  env: process.env,
  out: (line) => {
    process.stdout.write(`${line}\n`);
  },
  err: (line) => {
    process.stderr.write(`${line}\n`);
  },
  ...(process.stderr.isTTY && { redraw }),
});
setTimeout(() => process.exit(), LEAVE_MS).unref();
