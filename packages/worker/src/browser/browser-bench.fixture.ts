import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { chromium, type BrowserContext } from 'playwright-core';
import puppeteer, { type Browser } from 'puppeteer-core';
import { startBench, type Bench } from '../authority.fixture.ts';
import type { Lease } from '../lease.ts';
import { withBrowserProfile, type BrowserProfileOptions } from './with-browser-profile.ts';

/** What is common to both kinds of browser, for specs that hold for both. */
export interface Page {
  goto(url: string): Promise<unknown>;
  evaluate(text: string): Promise<unknown>;
}

export interface BrowserUnderTest {
  readonly kind: 'chromium' | 'firefox';
  readonly program: string;
  /** Link that names the process which has the profile. */
  readonly lock: string;
  /** As this browser writes it on this host. */
  readonly lockTarget: (host: string, pid: number) => string;
  readonly argumentsFor: (directory: string) => readonly string[];
  run<T>(
    lease: Lease,
    options: BrowserProfileOptions,
    use: (page: Page) => Promise<T>,
    program?: string,
  ): Promise<T>;
}

/** Root may not use Chromium's sandbox. */
const CHROMIUM_ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--proxy-server=127.0.0.1:9',
  '--proxy-bypass-list=127.0.0.1',
];

export const CHROMIUM: BrowserUnderTest = {
  kind: 'chromium',
  program: '/usr/bin/chromium',
  lock: 'SingletonLock',
  lockTarget: (host, pid) => `${host}-${pid}`,
  argumentsFor: (directory) => [
    '--headless',
    ...CHROMIUM_ARGS,
    `--user-data-dir=${directory}`,
    'about:blank',
  ],
  run: (lease, options, use, program = CHROMIUM.program) =>
    withBrowserProfile(
      lease,
      { ...options, chromium, launch: { executablePath: program, headless: true, args: CHROMIUM_ARGS } },
      async (context: BrowserContext) => use(await context.newPage()),
    ),
};

export const FIREFOX: BrowserUnderTest = {
  kind: 'firefox',
  program: '/usr/bin/firefox-esr',
  lock: 'lock',
  lockTarget: (host, pid) => `${host}:+${pid}`,
  argumentsFor: (directory) => ['--headless', '--no-remote', '--profile', directory, 'about:blank'],
  run: (lease, options, use, program = FIREFOX.program) =>
    withBrowserProfile(
      lease,
      {
        ...options,
        firefox: puppeteer,
        launch: {
          executablePath: program,
          headless: true,
          // What it keeps outside of the profile must not lie in somebody's home.
          env: { ...process.env, HOME: join(lease.profileDirectory ?? '', '..') },
        },
      },
      async (browser: Browser) => use(await browser.newPage()),
    ),
};

/** A site that logs its visitor in by a cookie, and knows it again. */
export class LoginSite {
  readonly #server: Server;
  /** The cookie of each visit, in order. */
  readonly visits: string[] = [];

  private constructor() {
    this.#server = createServer(({ url, headers }, response) => {
      if (url !== '/') return void response.writeHead(404).end();
      this.visits.push(headers.cookie ?? '');
      response.setHeader('set-cookie', 'session=kept; Max-Age=86400; Path=/');
      response.setHeader('content-type', 'text/html');
      response.end('<!doctype html><title>site</title>');
    });
  }

  static async open(): Promise<LoginSite> {
    const site = new LoginSite();
    await new Promise<void>((resolve) => site.#server.listen(0, '127.0.0.1', resolve));
    return site;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** A lease on a profile directory of its own, without a log behind it. */
export class BrowserBench implements AsyncDisposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'warden-browser-'));
  readonly directory = join(this.folder, 'profile');
  readonly #browser: BrowserUnderTest;
  readonly #children: ChildProcess[] = [];
  readonly bench: Bench;
  #count = 0;

  private constructor(browser: BrowserUnderTest, bench: Bench) {
    this.#browser = browser;
    this.bench = bench;
    mkdirSync(this.directory);
  }

  static async of(browser: BrowserUnderTest): Promise<BrowserBench> {
    return new BrowserBench(browser, await startBench());
  }

  async lease(): Promise<Lease> {
    const { worker, log, authority } = this.bench;
    const profileId = `p${(this.#count += 1)}`;
    const asked = worker.acquire({ profileId, taskId: 't1', profileDirectory: this.directory });
    // It looks at the directory first, and that takes as long as it takes.
    while (log.of('LeaseRequested').length < this.#count) await wait(5);
    authority.grant(profileId);
    return asked;
  }

  get lockTarget(): string | null {
    try {
      return readlinkSync(join(this.directory, this.#browser.lock));
    } catch {
      return null;
    }
  }

  /** The browser that the lock names. */
  get lockPid(): number {
    return Number(/\d+$/.exec(this.lockTarget ?? '')?.[0]);
  }

  /** Somebody else's browser on this directory, once it has it. */
  async stranger(): Promise<ChildProcess> {
    const { program, argumentsFor } = this.#browser;
    const child = spawn(program, argumentsFor(this.directory), {
      stdio: 'ignore',
      env: { ...process.env, HOME: this.folder },
    });
    this.#children.push(child);
    for (let looks = 0; this.lockTarget === null; looks += 1) {
      if (looks > 600) throw new Error('the browser did not come up');
      await wait(50);
    }
    return child;
  }

  /** A program that starts the browser on a directory of its own, whatever it is told. */
  wrapper(directory: string): string {
    const path = join(this.folder, 'wrapper');
    const replaced = `case $word in --user-data-dir=*) word=--user-data-dir=${directory};; esac`;
    const words = `for word do shift; ${replaced}; set -- "$@" "$word"; done`;
    const text = `#!/bin/sh\n${words}\nexec ${this.#browser.program} "$@"\n`;
    writeFileSync(path, text, { mode: 0o755 });
    return path;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.#children) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const end = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await end;
    }
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }
}

export const isAlive = (pid: number): boolean => {
  try {
    return !readFileSync(`/proc/${pid}/stat`, 'latin1').includes(') Z ');
  } catch {
    return false;
  }
};
