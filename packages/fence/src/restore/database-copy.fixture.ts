/** For the specs beside this file: PostgreSQL servers of their own, and copies of them as operators make them. */
import { execFile } from 'node:child_process';
import { appendFile, chmod, chown, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { startStack, type Stack } from '@profile-warden/devstack';
import pg from 'pg';

const run = promisify(execFile);
const WAIT_MS_MAX = 20_000;

/** One server with its files, and a connection to it. */
export interface Server extends AsyncDisposable {
  readonly stack: Stack;
  readonly client: pg.Client;
  readonly dir: string;
}

/** How a copy comes up: as crash recovery would, at the end of its log on a new timeline, or following its primary. */
export type Recovery = 'plain' | 'recovery.signal' | 'standby.signal';

const dataOf = (dir: string): string => join(dir, 'postgres', 'data');

async function newDir(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'profile-warden-restore-'));
  // As root, the server's own user must be able to walk through.
  await chmod(dir, 0o711);
  return dir;
}

export async function startServer(dir?: string): Promise<Server> {
  const home = dir ?? (await newDir());
  const stack = await startStack({ kind: 'embedded', parts: ['postgres'], dataDir: home });
  const client = await connect(stack.postgresUrl);
  return {
    stack,
    client,
    dir: home,
    [Symbol.asyncDispose]: async () => {
      await client.end();
      await stack.stop();
      await rm(home, { recursive: true, force: true });
    },
  };
}

export async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

async function copyFiles(from: string): Promise<string> {
  const to = await newDir();
  // Keeps owner and mode, which the server insists on.
  await run('cp', ['-a', join(from, 'postgres'), to]);
  return to;
}

/** A copy of the files while the server stands still. The server of `primary` runs again when this resolves. */
export async function coldCopy(primary: Server): Promise<string> {
  await primary.client.end();
  await primary.stack.stop();
  return copyFiles(primary.dir);
}

/** What pg_basebackup does, of which the embedded server brings no binary. */
export async function baseBackup(primary: Server, recovery: Recovery): Promise<string> {
  await primary.client.query(`select pg_backup_start('spec', true)`);
  const dir = await copyFiles(primary.dir);
  const { rows } = await primary.client.query<{ labelfile: string }>('select * from pg_backup_stop(false)');
  const data = dataOf(dir);
  // The log that was written during the backup belongs to it.
  await rm(join(data, 'pg_wal'), { recursive: true });
  await run('cp', ['-a', join(dataOf(primary.dir), 'pg_wal'), data]);
  await rm(join(data, 'postmaster.pid'), { force: true });
  await placeFile(data, 'backup_label', rows[0]?.labelfile ?? '');
  if (recovery !== 'plain') await placeFile(data, recovery, '');
  const settings =
    recovery === 'standby.signal'
      ? `primary_conninfo = '${conninfo(primary.stack.postgresUrl)}'`
      : `restore_command = 'false'`;
  if (recovery !== 'plain') await appendFile(join(data, 'postgresql.auto.conf'), `${settings}\n`);
  return dir;
}

async function placeFile(data: string, name: string, text: string): Promise<void> {
  await writeFile(join(data, name), text);
  const { uid, gid } = await stat(data);
  await chown(join(data, name), uid, gid);
}

function conninfo(url: string): string {
  const { hostname, port, username, password } = new URL(url);
  return `host=${hostname} port=${port} user=${username} password=${password}`;
}

/** Until the standby shows it; the bound is for slow machines. */
export async function until(isSo: () => Promise<boolean>): Promise<void> {
  const endsAt = performance.now() + WAIT_MS_MAX;
  while (!(await isSo())) {
    if (performance.now() > endsAt) throw new Error(`not so after ${WAIT_MS_MAX} ms`);
    await sleep(50);
  }
}

/** Cuts the standby off from its primary and makes it one itself. */
export async function promote(standby: Server): Promise<void> {
  await standby.client.query(`select pg_promote(true, 30)`);
}

export async function cutOff(standby: Server): Promise<void> {
  await standby.client.query(`alter system set primary_conninfo = ''`);
  await standby.client.query('select pg_reload_conf()');
  await until(async () => {
    const { rows } = await standby.client.query('select from pg_stat_wal_receiver');
    return rows.length === 0;
  });
}
