import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { readQuietly } from './quiet-file.ts';
import { codeOf, no, unknown, yes, type Seen } from './seen.ts';

const MAX_BYTES = 64 * 2 ** 20;

function pathOf(uri: string): string | null {
  try {
    return fileURLToPath(uri);
  } catch {
    // Another scheme, or a file of another machine.
    return null;
  }
}

/** Says only whether the hash is the reported one, whatever the reference points to. */
export function lookAtScreenshot(screenshot: { uri: string; sha256: string } | null): Seen {
  if (screenshot === null) return unknown('none was reported');
  const path = pathOf(screenshot.uri);
  if (path === null) return unknown('only file references are followed');
  try {
    const hash = createHash('sha256');
    const outcome = readQuietly(path, MAX_BYTES, (chunk) => hash.update(chunk));
    if (outcome === 'not-a-file') return no('no regular file is there');
    if (outcome !== 'done')
      return unknown(outcome === 'changed' ? 'changed while it was read' : 'too big to be read');
    return hash.digest('hex') === screenshot.sha256.toLowerCase()
      ? yes('found, sha256 as reported')
      : no('found, but its sha256 is another one');
  } catch (error) {
    const code = codeOf(error);
    return code === 'ENOENT' || code === 'ENOTDIR' ? no(`absent: ${code}`) : unknown(code);
  }
}
