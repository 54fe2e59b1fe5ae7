import { chmod, mkdir, mkdtemp, realpath } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { DevstackError } from './error.ts';
import { lockFile } from './file-lock.ts';
import type { PartName, StackOptions } from './stack.ts';

const LOCK_BOUND_MS = 2_000;

/** The folder of one stack, locked for it. */
export type DataDir = {
  dir: string;
  logDir: string;
  /** Made by us, to be deleted at the end. */
  isTemporary: boolean;
  release(): Promise<void>;
};

export async function openDataDir(wanted: string | undefined): Promise<DataDir> {
  const dir = wanted === undefined ? await temporaryDir() : resolve(wanted);
  const logDir = join(dir, 'logs');
  await mkdir(logDir, { recursive: true });
  const lock = await lockFile(join(dir, 'lock'), LOCK_BOUND_MS);
  if (lock === undefined) {
    throw new DevstackError(
      'data-dir-in-use',
      `Another stack runs on ${dir}. Stop it, or choose another folder (--data-dir).`,
    );
  }
  return { dir, logDir, isTemporary: wanted === undefined, release: () => lock.release() };
}

async function temporaryDir(): Promise<string> {
  const dir = await realpath(await mkdtemp(join(tmpdir(), 'profile-warden-')));
  // Made for its owner only; as root, PostgreSQL's own user must be able to walk through.
  if (process.getuid?.() === 0) await chmod(dir, 0o711);
  return dir;
}

/** The registry keeps its schemas in Kafka, so it never runs alone. */
export function wantedParts(options: StackOptions): Set<PartName> {
  const names = new Set(options.parts ?? (['kafka', 'registry', 'postgres'] as const));
  if (names.has('registry')) names.add('kafka');
  return names;
}
