import { run } from './program.ts';

/** Time for sockets to close by themselves; a broker that does not answer keeps them open for longer. */
const LEAVE_MS = 500;

// The reader of a pipe may have seen enough.
process.stdout.on('error', () => process.exit(0));

process.exitCode = await run(process.argv.slice(2), {
  env: process.env,
  out: (line) => {
    process.stdout.write(`${line}\n`);
  },
  err: (line) => {
    process.stderr.write(`${line}\n`);
  },
});
setTimeout(() => process.exit(), LEAVE_MS).unref();
