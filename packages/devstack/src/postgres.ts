import { existsSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { postgresAnswers } from './database.ts';
import { DevstackError, diskFull, saysDiskFull } from './error.ts';
import type { Guard } from './guard-client.ts';
import type { ProcessSpec } from './guard-protocol.ts';
import type { PartPlan } from './part.ts';
import { ownPassword } from './password.ts';
import { serverDataDir, serverFiles, serverUser, type User } from './postgres-home.ts';
import { runStep } from './step.ts';

const READY_BOUND_MS = 30_000;
const INITDB_BOUND_MS = 60_000;
/** Backends of a killed server let go of its memory a moment after it: until then a new one refuses to start. */
const START_COUNT = 20;

const POSTGRES_USER = 'warden';
export const POSTGRES_DATABASE = 'warden';

export type PostgresOptions = {
  guard: Guard;
  dir: string;
  logFile: string;
  port: number;
  env: Record<string, string>;
  /** The data is thrown away at the end: no need to survive a crash of the machine. */
  isTemporary: boolean;
};
/** `data` may lie outside of the stack's own folder. */
export type PostgresPlan = { plan: PartPlan; adminUrl: string; data: string };

export async function planPostgres(options: PostgresOptions): Promise<PostgresPlan> {
  const user = serverUser();
  const files = await serverFiles(user);
  await mkdir(options.dir, { recursive: true });
  const password = await ownPassword(join(options.dir, 'password'));
  const data = await serverDataDir(join(options.dir, 'data'), user);
  // Messages are searched for known words: they must come in one language.
  const env = { ...options.env, LC_ALL: 'C', LC_MESSAGES: 'C' };
  if (!existsSync(join(data, 'PG_VERSION')))
    await initialise({ guard: options.guard, logFile: options.logFile, files, data, password, user, env });

  const adminUrl = `postgres://${POSTGRES_USER}:${password}@127.0.0.1:${options.port}/postgres`;
  const settings = [
    'listen_addresses=127.0.0.1',
    // No socket file: its folder would be one more place to choose and to clean.
    'unix_socket_directories=',
    'max_connections=200',
    'log_line_prefix=%m [%p] ',
    ...(options.isTemporary ? ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off'] : []),
  ];
  const plan: PartPlan = {
    name: 'postgres',
    port: options.port,
    readyBoundMs: READY_BOUND_MS,
    isReady: () => postgresAnswers(adminUrl),
    isPassing: (tail) => /shared memory block .* is still in use|lock file .* already exists/s.test(tail),
    startCount: START_COUNT,
    process: {
      command: join(files, 'bin', 'postgres'),
      args: ['-D', data, '-p', String(options.port), ...settings.flatMap((setting) => ['-c', setting])],
      env,
      cwd: data,
      logFile: options.logFile,
      freshLog: true,
      ...(user === undefined ? {} : { user }),
      // Fast shutdown: sessions are ended, not waited for.
      stopSignal: 'SIGINT',
    },
  };
  return { plan, adminUrl, data };
}

async function initialise(options: {
  guard: Guard;
  logFile: string;
  files: string;
  data: string;
  password: string;
  user: User | undefined;
  env: Record<string, string>;
}): Promise<void> {
  const { guard, logFile, files, data, password, user, env } = options;
  const args = [
    '--pgdata',
    data,
    '--username',
    POSTGRES_USER,
    '--auth=scram-sha-256',
    '--pwfile=/dev/stdin',
    '--encoding=UTF8',
    // The same order of texts on every machine.
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    '--no-sync',
  ];
  // The password must come from a file, and never lies in one that others could read: here it comes from a pipe.
  const spec: ProcessSpec = {
    command: 'sh',
    args: ['-c', 'echo "$POSTGRES_PASSWORD" | "$0" "$@"', join(files, 'bin', 'initdb'), ...args],
    env: { ...env, POSTGRES_PASSWORD: password },
    cwd: data,
    logFile,
    freshLog: true,
    ...(user === undefined ? {} : { user }),
    stopSignal: 'SIGTERM',
  };
  const { isDone, outcome, logTail } = await runStep(guard, spec, INITDB_BOUND_MS);
  if (isDone) return;
  // Half a folder would look initialised to the next start.
  await rm(join(data, 'PG_VERSION'), { force: true });
  if (saysDiskFull(logTail)) throw diskFull(data);
  throw new DevstackError(
    'part-died',
    `PostgreSQL's data folder ${data} could not be initialised: initdb ${outcome} and said:\n${logTail}`,
  );
}
