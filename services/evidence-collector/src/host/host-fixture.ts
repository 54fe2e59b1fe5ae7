import { linkOf, lookAtProcess } from '@profile-warden/browser-host';
import { spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync, readFileSync, readdirSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as wait } from 'node:timers/promises';
import { describe, it } from 'vitest';
import type { HostRequest } from './request.ts';

// For tests only: small profiles, real processes and a request that fits this host.

export const bootId = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
export const pidNamespace = linkOf('self', 'ns/pid') ?? '';

/** What is said of further roots where none is found: in a container others cannot be excluded. */
export const nobodyElse = pidNamespace === 'pid:[4026531836]' ? 'no' : 'unknown';

export function startOf(pid: number): number {
  const entry = lookAtProcess(pid);
  return typeof entry === 'string' ? 0 : entry.start;
}

// Far above any pid: what it names is surely absent.
const NO_PID = 2 ** 30;

export function requestFor(directory: string | null, changes: Partial<HostRequest> = {}): HostRequest {
  return {
    hostId: 'host-1',
    myHostId: 'host-1',
    leaseBootId: bootId,
    worker: { pid: NO_PID, processStart: 1, pidNamespace },
    directory,
    browserKind: 'chromium',
    screenshot: null,
    firstLease: false,
    settleMs: 50,
    timeLimitMs: 20_000,
    now: () => 1_000,
    sleep: async (ms, signal) => {
      await wait(ms, undefined, signal === undefined ? {} : { signal });
    },
    ...changes,
  };
}

export function makeDatabase(path: string, table: string, rowCount: number): void {
  const database = new DatabaseSync(path);
  database.exec(`CREATE TABLE ${table} (name TEXT, value TEXT)`);
  const insert = database.prepare(`INSERT INTO ${table} VALUES (?, ?)`);
  for (let row = 0; row < rowCount; row++) insert.run(`name-${row}`, `secret-${row}`.repeat(20));
  database.close();
}

/** The files of a Chromium profile that was saved once. */
export function makeChromiumProfile(directory: string): void {
  mkdirSync(join(directory, 'Default'), { recursive: true });
  writeFileSync(join(directory, 'Local State'), '{"browser":{}}');
  writeFileSync(join(directory, 'Last Version'), '156.0.8078.79');
  writeFileSync(join(directory, 'Default/Preferences'), '{"profile":{"exit_type":"Crashed"}}');
  makeDatabase(join(directory, 'Default/Cookies'), 'cookies', 50);
  makeDatabase(join(directory, 'Default/History'), 'urls', 3);
}

/** One line per entry: kind, size, mode, times and content. Access times of files only: folders are listed. */
export function fullListing(directory: string, path = ''): string[] {
  return readdirSync(join(directory, path)).flatMap((name) => {
    const below = join(path, name);
    const stats = lstatSync(join(directory, below), { bigint: true });
    const line = `${below} ${stats.ino} ${stats.mode} ${stats.size} ${stats.mtimeNs} ${stats.ctimeNs}`;
    if (stats.isDirectory()) return [line, ...fullListing(directory, below)];
    if (stats.isSymbolicLink()) return [`${line} ${readlinkSync(join(directory, below))}`];
    if (!stats.isFile()) return [line];
    const sha256 = createHash('sha256')
      .update(readFileSync(join(directory, below)))
      .digest('hex');
    return [`${line} ${sha256}`];
  });
}

export function fileAccessTimes(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
    .map((path) => `${path} ${lstatSync(path, { bigint: true }).atimeNs}`);
}

/** A process that only waits, with the given arguments; ends with `endProcess`, or by itself after a minute. */
export async function startSleeper(args: readonly string[], code = ''): Promise<ChildProcess> {
  const program = `${code}; process.stdout.write('ready'); setTimeout(() => process.exit(), 60_000)`;
  const child = spawn(process.execPath, ['-e', program, '--', ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await firstWords(child);
  return child;
}

/** Tests that a machine may not allow: left out with the reason, and never without a word. */
export function whereAllowed(isAllowed: boolean, need: string): (name: string, tests: () => void) => void {
  return isAllowed ? describe : (name) => it(name, ({ skip }) => skip(`needs ${need}`));
}

/** What a process, or a child that outlived it, says first. */
async function firstWords(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    child.stdout?.once('data', (data) => resolve(String(data)));
    child.once('close', () => reject(new Error('the process ended early')));
  });
}

/** A program in Perl, which every Debian has and which calls the kernel directly; ready when it prints something. */
export async function startPerl(
  program: string,
  ...args: readonly string[]
): Promise<{ readonly child: ChildProcess; readonly said: string }> {
  const child = spawn('perl', ['-e', `$| = 1; ${program}`, '--', ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return { child, said: await firstWords(child) };
}

export async function endProcess(child: ChildProcess | undefined): Promise<void> {
  if (child?.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await ended;
}

export function pidOf(child: ChildProcess | undefined): number {
  if (child?.pid === undefined) throw new Error('the process was not started');
  return child.pid;
}
