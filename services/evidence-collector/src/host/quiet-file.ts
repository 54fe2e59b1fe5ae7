import { closeSync, constants, fstatSync, openSync, readSync, type BigIntStats } from 'node:fs';

// O_NONBLOCK: a FIFO planted in a profile would block an ordinary open for ever.
const FLAGS = constants.O_RDONLY | constants.O_NONBLOCK;
const CHUNK_BYTES = 1 << 20;

/** Opened without moving the access time where the kernel allows it (owner of the file or CAP_FOWNER). */
function openQuietly(path: string): number {
  // Not on every platform, whatever the type says.
  const noAccessTime = (constants as Partial<typeof constants>).O_NOATIME;
  if (noAccessTime === undefined) return openSync(path, FLAGS);
  try {
    return openSync(path, FLAGS | noAccessTime);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EPERM') return openSync(path, FLAGS);
    throw error;
  }
}

export type QuietRead = 'done' | 'too-big' | 'not-a-file' | 'changed';

const sameState = (a: BigIntStats, b: BigIntStats) => a.size === b.size && a.mtimeNs === b.mtimeNs;

/** Hands the file to `take` in chunks that are valid during the call; throws what the system throws. */
export function readQuietly(path: string, maxBytes: number, take: (chunk: Buffer) => void): QuietRead {
  const file = openQuietly(path);
  try {
    const before = fstatSync(file, { bigint: true });
    if (!before.isFile()) return 'not-a-file';
    if (before.size > BigInt(maxBytes)) return 'too-big';
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
    for (let total = 0; ;) {
      const count = readSync(file, chunk, 0, CHUNK_BYTES, null);
      if (count === 0) break;
      total += count;
      if (total > maxBytes) return 'too-big';
      take(chunk.subarray(0, count));
    }
    return sameState(before, fstatSync(file, { bigint: true })) ? 'done' : 'changed';
  } finally {
    closeSync(file);
  }
}

/** The whole file as bytes, or why not. */
export function bytesOf(path: string, maxBytes: number): Buffer | Exclude<QuietRead, 'done'> {
  const chunks: Buffer[] = [];
  const outcome = readQuietly(path, maxBytes, (chunk) => chunks.push(Buffer.from(chunk)));
  return outcome === 'done' ? Buffer.concat(chunks) : outcome;
}
