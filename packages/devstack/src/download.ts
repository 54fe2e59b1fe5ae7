import { spawn } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { createInterface } from 'node:readline';
import { existsSync } from 'node:fs';
import { mkdir, readFile, readdir, rename, rm, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DevstackError, diskFull, saysDiskFull } from './error.ts';
import { lockFile } from './file-lock.ts';
import { findJava } from './java.ts';

const POM = fileURLToPath(new URL('../pom.xml', import.meta.url));
const DOWNLOAD_BOUND_MS = 15 * 60_000;
const LEFTOVER_AGE_MS = 60 * 60_000;
const PROGRESS_INTERVAL_MS = 2_000;
const TAIL_LINE_COUNT = 20;

/** What Maven fetches: the goal of the POM that does it, and a file that is there when it is complete. */
const DOWNLOADS = {
  kafka: { title: 'Kafka', goal: 'dependency:copy-dependencies@kafka', proof: 'kafka_2.13-VERSION.jar' },
  registry: {
    title: 'Apicurio Registry',
    goal: 'dependency:unpack@registry',
    proof: 'apicurio-registry-app-VERSION-runner.jar',
  },
} as const;

export type DownloadName = keyof typeof DOWNLOADS;
export type Download = { dir: string; version: string; jar: string };
export type DownloadOptions = {
  onProgress?: ((line: string) => void) | undefined;
  env?: NodeJS.ProcessEnv | undefined;
};

/** One cache per user, so that a second clone of the project does not fetch again. */
function cacheDir(env: NodeJS.ProcessEnv = process.env): string {
  const base = env['XDG_CACHE_HOME'];
  return (
    env['WARDEN_CACHE_DIR'] ??
    join(base === undefined || base === '' ? join(homedir(), '.cache') : base, 'profile-warden')
  );
}

/** The folder with the jars, fetched the first time. Two processes may ask at once: one fetches, one waits. */
export async function download(name: DownloadName, options: DownloadOptions = {}): Promise<Download> {
  const { env = process.env, onProgress = () => undefined } = options;
  const pom = await readFile(POM, 'utf8');
  const version = new RegExp(`<${name}\\.version>([^<]+)<`).exec(pom)?.[1] ?? 'unknown';
  const key = createHash('sha256').update(pom).digest('hex').slice(0, 8);
  const cache = cacheDir(env);
  const dir = join(cache, `${name}-${version}-${key}`);
  const found: Download = { dir, version, jar: join(dir, DOWNLOADS[name].proof.replace('VERSION', version)) };
  if (existsSync(found.jar)) return found;

  const title = `${DOWNLOADS[name].title} ${version}`;
  try {
    const lock = await lockFile(`${dir}.lock`, DOWNLOAD_BOUND_MS, () =>
      onProgress(`waiting for another process that fetches ${title}`),
    );
    if (lock === undefined) {
      throw new DevstackError(
        'download-failed',
        `Another process has been fetching ${title} for ${DOWNLOAD_BOUND_MS / 60_000} minutes. ` +
          `If there is none, delete ${dir}.lock and start again.`,
      );
    }
    try {
      if (!existsSync(found.jar)) await fetchInto(found, name, title, { env, onProgress });
    } finally {
      await lock.release();
    }
  } catch (error) {
    if (error instanceof Error && saysDiskFull(error.message)) throw diskFull(cache, error);
    throw error;
  }
  return found;
}

async function fetchInto(
  found: Download,
  name: DownloadName,
  title: string,
  options: { env: NodeJS.ProcessEnv; onProgress: (line: string) => void },
): Promise<void> {
  await removeLeftovers(found.dir);
  const partial = `${found.dir}.partial-${randomUUID()}`;
  await mkdir(partial, { recursive: true });
  try {
    options.onProgress(`fetching ${title} (once for this user, into ${found.dir})`);
    await runMaven(DOWNLOADS[name].goal, partial, title, options);
    const proof = join(partial, DOWNLOADS[name].proof.replace('VERSION', found.version));
    if (!existsSync(proof)) {
      throw new DevstackError('download-failed', `Maven ended well but did not bring ${proof}.`);
    }
    // Complete or absent: a folder under its final name is never half filled.
    await rm(found.dir, { recursive: true, force: true });
    await rename(partial, found.dir);
    options.onProgress(`fetched ${title}`);
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
}

/** A process that was killed while it fetched leaves its half behind. */
async function removeLeftovers(dir: string): Promise<void> {
  const parent = join(dir, '..');
  for (const entry of await readdir(parent)) {
    if (!entry.includes('.partial-')) continue;
    const path = join(parent, entry);
    const found = await stat(path).catch(() => undefined);
    if (found !== undefined && Date.now() - found.mtimeMs > LEFTOVER_AGE_MS) {
      await rm(path, { recursive: true, force: true });
    }
  }
}

function runMaven(
  goal: string,
  target: string,
  title: string,
  options: { env: NodeJS.ProcessEnv; onProgress: (line: string) => void },
): Promise<void> {
  // Central's checksums are only warned about by default: a damaged jar must not enter the cache.
  const args = ['--batch-mode', '--strict-checksums', '--file', POM, goal, `-Ddevstack.target=${target}`];
  const tail: string[] = [];
  let fileCount = 0;
  let toldAt = performance.now();
  return new Promise((resolve, reject) => {
    const maven = spawn('mvn', args, {
      env: options.env,
      cwd: target,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: DOWNLOAD_BOUND_MS,
    });
    const read = (line: string): void => {
      if (line.includes('Downloaded from')) fileCount += 1;
      if (line.includes('ERROR') || tail.length === 0) tail.push(line);
      if (tail.length > TAIL_LINE_COUNT) tail.shift();
      if (performance.now() - toldAt < PROGRESS_INTERVAL_MS) return;
      toldAt = performance.now();
      options.onProgress(`fetching ${title}: ${fileCount} files so far`);
    };
    createInterface({ input: maven.stdout }).on('line', read);
    createInterface({ input: maven.stderr }).on('line', read);
    maven.once('error', (error: NodeJS.ErrnoException) => {
      reject(error.code === 'ENOENT' ? mavenMissing(title, error) : error);
    });
    maven.once('close', (code, signal) => {
      if (code === 0) {
        resolve();
        return;
      }
      const how =
        signal === null ? `with code ${code ?? 'none'}` : `by ${signal} (bound: ${DOWNLOAD_BOUND_MS} ms)`;
      reject(
        new DevstackError(
          'download-failed',
          `Maven could not fetch ${title}: it ended ${how}. Check the network and the mirrors in ` +
            `~/.m2/settings.xml, then start again.\n${tail.join('\n')}`,
        ),
      );
    });
  });
}

function mavenMissing(title: string, cause: unknown): DevstackError {
  return new DevstackError(
    'maven-missing',
    `${title} is not in the cache yet and there is no Maven (mvn) on PATH to fetch it. Install Maven ` +
      '(Debian: apt-get install maven, macOS: brew install maven), or use Docker: --stack docker.',
    { cause },
  );
}

/** The folder with Kafka's jars, for `kafkaTool` where no embedded stack runs; empty where it cannot be had. */
export async function kafkaJars(onProgress?: (line: string) => void): Promise<string> {
  try {
    await findJava();
    return (await download('kafka', { onProgress })).dir;
  } catch (error) {
    if (error instanceof DevstackError) return '';
    throw error;
  }
}
