import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { RunningBrowser, until, type TestBrowser } from './browser.fixture.ts';

/** A page that leaves a login behind: a cookie, and something in its own storage. */
const PAGE = `<!doctype html><title>shop</title><script>
  localStorage.setItem('login', 'kept');
  indexedDB.open('shop', 1).onupgradeneeded = (event) => event.target.result.createObjectStore('cart');
</script>`;
// Long enough for the page's storage to reach the profile.
const USED_MS = 2_000;

/** Profiles of one browser: a first one that was logged in and closed in order, and copies of it to do things to. */
export class Profiles implements AsyncDisposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'warden-evidence-'));
  readonly browser: TestBrowser;
  readonly #server: Server;
  readonly #visited = new Set<string>();
  #count = 0;

  private constructor(browser: TestBrowser) {
    this.browser = browser;
    this.#server = createServer((request, response) => {
      this.#visited.add(request.url ?? '');
      response.setHeader('set-cookie', 'login=kept; Max-Age=86400; Path=/');
      response.setHeader('content-type', 'text/html');
      response.end(PAGE);
    });
  }

  static async of(browser: TestBrowser): Promise<Profiles> {
    const profiles = new Profiles(browser);
    await new Promise<void>((resolve) => profiles.#server.listen(0, '127.0.0.1', resolve));
    try {
      const first = profiles.empty('first');
      await using running = await profiles.start(first);
      await wait(USED_MS);
      await running.close();
      return profiles;
    } catch (error) {
      await profiles[Symbol.asyncDispose]();
      throw error;
    }
  }

  empty(name: string): string {
    const profile = join(this.folder, name);
    mkdirSync(profile);
    this.browser.prepare(profile);
    return profile;
  }

  /** A copy of the profile that was logged in. */
  used(): string {
    const profile = join(this.folder, `used-${++this.#count}`);
    cpSync(join(this.folder, 'first'), profile, { recursive: true, verbatimSymlinks: true });
    return profile;
  }

  /** Starts the browser, or a sibling of it, and waits until it has opened its page. */
  async start(profile: string, browser = this.browser): Promise<RunningBrowser> {
    const { port } = this.#server.address() as AddressInfo;
    const path = `/${++this.#count}`;
    const running = new RunningBrowser(browser, profile, `http://127.0.0.1:${port}${path}`);
    try {
      await running.up();
      await until(() => this.#visited.has(path), `${browser.name} opens its page`);
      return running;
    } catch (error) {
      await running[Symbol.asyncDispose]();
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
    rmSync(this.folder, { recursive: true, force: true });
  }
}

const shell = (script: string, directory: string): string =>
  execFileSync('sh', ['-c', script], { cwd: directory, encoding: 'utf8', maxBuffer: 64 * 2 ** 20 });

/** Content of every file, told by a tool that is not ours. */
export const contentsOf = (directory: string): string =>
  shell('find . -type f -exec sha256sum {} + | sort', directory);

/**
 * All else that a look could have changed: kind, inode, rights, owner, size, times and target of every entry, and when
 * files were last read.
 */
export const entriesOf = (directory: string): string =>
  shell(
    `find . -printf '%p %y %i %m %u %g %s %T@ %C@ %l\n' | sort; find . -type f -printf '%p %A@\n' | sort`,
    directory,
  );

/** As if every file had last been read long ago: only then does a kernel note each time that one is read. */
export const forgetReading = (directory: string): string =>
  shell(`find . -type f -exec touch -a -d 2001-01-01 {} +`, directory);
