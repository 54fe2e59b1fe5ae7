import { codeOf } from '@profile-warden/browser-host';
import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { readQuietly } from './quiet-file.ts';
import { no, unknown, yes, type Seen } from './seen.ts';

const MAX_BYTES = 64 * 2 ** 20;

function pathOf(uri: string): string | null {
  try {
    return fileURLToPath(uri);
  } catch {
    // Another scheme, or a file of another machine.
    return null;
  }
}

const judge = (found: string, reported: string): Seen =>
  found === reported.toLowerCase()
    ? yes('found, sha256 as reported')
    : no('found, but its sha256 is another one');

function inFile(path: string, sha256: string): Seen {
  try {
    const hash = createHash('sha256');
    const outcome = readQuietly(path, MAX_BYTES, (chunk) => hash.update(chunk));
    if (outcome === 'not-a-file') return no('no regular file is there');
    if (outcome !== 'done')
      return unknown(outcome === 'changed' ? 'changed while it was read' : 'too big to be read');
    return judge(hash.digest('hex'), sha256);
  } catch (error) {
    const code = codeOf(error);
    return code === 'ENOENT' || code === 'ENOTDIR' ? no(`absent: ${code}`) : unknown(code);
  }
}

/** What a server that has the picture no more answers, or never had it. */
const GONE = new Set([404, 410]);

async function atServer(url: URL, sha256: string): Promise<Seen> {
  try {
    // A redirection could lead to any address that only this host can reach.
    const response = await fetch(url, { redirect: 'error' });
    if (GONE.has(response.status)) return no(`absent: status ${response.status}`);
    if (!response.ok || response.body === null) return unknown(`status ${response.status}`);
    const hash = createHash('sha256');
    let bytes = 0;
    for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
      bytes += chunk.length;
      if (bytes > MAX_BYTES) return unknown('too big to be read');
      hash.update(chunk);
    }
    return judge(hash.digest('hex'), sha256);
  } catch {
    // The reasons of a failed request quote its address.
    return unknown('the server did not hand it over');
  }
}

/** Says only whether the hash is the reported one, whatever the reference points to. Bounded by the look it is part of. */
export async function lookAtScreenshot(
  screenshot: { readonly uri: string; readonly sha256: string } | null,
  origins: readonly string[],
): Promise<Seen> {
  if (screenshot === null) return unknown('none was reported');
  const path = pathOf(screenshot.uri);
  if (path !== null) return inFile(path, screenshot.sha256);
  const url = URL.parse(screenshot.uri);
  if (url === null || !/^https?:$/.test(url.protocol))
    return unknown('neither a file of this host nor a web address');
  return origins.includes(url.origin)
    ? atServer(url, screenshot.sha256)
    : unknown('its server is none of those that may be asked');
}
