import { Command, CommanderError } from 'commander';
import { addAudit } from './commands/audit.ts';
import { addConnectionOptions } from './commands/connection-options.ts';
import { addFence } from './commands/fence-retire.ts';
import { addHost } from './commands/host.ts';
import { addProfileQuarantine } from './commands/profile-quarantine.ts';
import { addProfileRegister } from './commands/profile-register.ts';
import { addProfileShow } from './commands/profile-show.ts';
import { addProjectionRebuild } from './commands/projection-rebuild.ts';
import { addProjectionVerify } from './commands/projection-verify.ts';
import { addReviewResolve } from './commands/review-resolve.ts';
import { addReviews } from './commands/reviews.ts';
import { addTimeline } from './commands/timeline.ts';
import { EXIT, failureOf, type ExitCode } from './failure.ts';
import { printable } from './format/printable.ts';
import type { Io } from './io.ts';

const AFTER = `
Exit codes: 0 done; 1 failed (something is away, or unknown); 2 the command line is wrong, nothing was sent;
3 refused (stale view, missing verdict, holder not silent yet, or the fold ignored the record).

A profile whose id is the name of a command is reached by its full form: profile show register.
For machines: npm run --silent warden -- COMMAND --json`;

/** All commands; nothing is read, opened or written before one of them runs. */
const wardenProgram = (io: Io): Command => {
  const program = new Command('warden')
    .description('Looks into the log of profile leases, and writes what a person decides.')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.out(text.trimEnd()),
      writeErr: (text) => tellPerson(io, text.trimEnd()),
    })
    .configureHelp({ showGlobalOptions: true })
    .addHelpText('after', AFTER);
  addConnectionOptions(program);
  const profile = program
    .command('profile')
    .description('One profile: `profile ID` shows it; register and quarantine it.');
  addProfileShow(profile, io);
  addProfileRegister(profile, io);
  addProfileQuarantine(profile, io);
  addTimeline(program, io);
  addReviews(program, io);
  const review = program.command('review').description('A case that waits for a person.');
  addReviewResolve(review, io);
  addHost(program, io);
  addFence(program, io);
  addAudit(program, io);
  const projection = program
    .command('projection')
    .description('The read model of the projector, as a whole.');
  addProjectionVerify(projection, io);
  addProjectionRebuild(projection, io);
  return program;
};

const tellPerson = (io: Io, text: string): void => {
  for (const line of text.split('\n')) io.err(printable(line));
};

/** Runs one command line and says how it ended; throws nothing. */
export const run = async (args: readonly string[], io: Io): Promise<ExitCode> => {
  const isJson = args.includes('--json');
  const tell = (code: string, message: string): void => {
    if (isJson) io.out(JSON.stringify({ error: { code, message } }));
  };
  try {
    await wardenProgram(io).parseAsync(args, { from: 'user' });
    return EXIT.done;
  } catch (error) {
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return EXIT.done;
      tell('usage', error.message.replace(/^error: /, ''));
      return EXIT.usage;
    }
    const failure = failureOf(error);
    tellPerson(io, `${failure.code}: ${failure.message}`);
    if (failure.code === 'unexpected' && error instanceof Error) io.err(error.stack ?? '');
    if (!failure.isInAnswer) tell(failure.code, failure.message);
    return failure.exitCode;
  }
};
