import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { exchange } from './browser-socket.fixture.ts';

/** A browser as Debian ships it, started by hand on a profile. */
export interface TestBrowser {
  readonly name: string;
  readonly kind: 'chromium' | 'firefox';
  /** The program itself, or a script that becomes it: its pid is the browser's. */
  readonly program: string;
  /** Where it tells the address by which it can be asked to close. */
  readonly portFile: string;
  readonly argumentsFor: (profile: string) => readonly string[];
  /** Sockets and messages that close it in order. */
  readonly closeBy: (portFile: string) => { readonly url: string; readonly messages: readonly object[] };
  /** Written into a profile before the first start. */
  readonly prepare: (profile: string) => void;
}

// Nothing but loopback is reached: all else goes to a proxy that is not there.
const NO_PROXY = '127.0.0.1:9';

const chromiumArguments = (profile: string) => [
  '--no-sandbox',
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
  `--proxy-server=${NO_PROXY}`,
  '--remote-debugging-port=0',
  `--user-data-dir=${profile}`,
];

const CHROMIUM: TestBrowser = {
  name: 'chromium',
  kind: 'chromium',
  program: '/usr/bin/chromium',
  portFile: 'DevToolsActivePort',
  argumentsFor: (profile) => ['--headless=new', ...chromiumArguments(profile)],
  closeBy: (portFile) => {
    const [port = '', path = ''] = readFileSync(portFile, 'utf8').split('\n');
    return { url: `ws://127.0.0.1:${port}${path}`, messages: [{ id: 1, method: 'Browser.close' }] };
  },
  prepare: () => undefined,
};

const HEADLESS_SHELL: TestBrowser = {
  ...CHROMIUM,
  name: 'chromium-headless-shell',
  // The script beside it stays its parent.
  program: '/usr/lib/chromium/chromium-headless-shell',
  argumentsFor: chromiumArguments,
};

const FIREFOX: TestBrowser = {
  name: 'firefox-esr',
  kind: 'firefox',
  program: '/usr/bin/firefox-esr',
  portFile: 'WebDriverBiDiServer.json',
  argumentsFor: (profile) => ['--headless', '--no-remote', '--remote-debugging-port=0', '--profile', profile],
  closeBy: (portFile) => {
    const { ws_port: port } = JSON.parse(readFileSync(portFile, 'utf8')) as { ws_port: number };
    return {
      url: `ws://127.0.0.1:${port}/session`,
      messages: [
        { id: 1, method: 'session.new', params: { capabilities: {} } },
        { id: 2, method: 'browser.close', params: {} },
      ],
    };
  },
  prepare: (profile) => {
    const [host, port] = NO_PROXY.split(':');
    const lines = ['http', 'ssl'].map(
      (scheme) =>
        `user_pref("network.proxy.${scheme}", "${host}");\nuser_pref("network.proxy.${scheme}_port", ${port});\n`,
    );
    writeFileSync(join(profile, 'user.js'), `user_pref("network.proxy.type", 1);\n${lines.join('')}`);
  },
};

export const BROWSERS = { CHROMIUM, FIREFOX, HEADLESS_SHELL };

/** Its helper processes end a moment after it. */
const HELPERS_END_MS = 1_500;

export const isInstalled = ({ program }: TestBrowser): boolean => existsSync(program);

export async function until(condition: () => boolean, what: string, boundMs = 60_000): Promise<void> {
  const endsAt = performance.now() + boundMs;
  while (!condition()) {
    if (performance.now() > endsAt) throw new Error(`${what}: not within ${boundMs} ms`);
    await wait(20);
  }
}

/** *starting* → *up* once it has told its port → *ended*, by `close`, `signal` or at the end of the test. */
export class RunningBrowser {
  readonly child: ChildProcess;
  readonly #browser: TestBrowser;
  readonly #portFile: string;

  constructor(browser: TestBrowser, profile: string, url: string) {
    this.#browser = browser;
    this.#portFile = join(profile, browser.portFile);
    rmSync(this.#portFile, { force: true });
    this.child = spawn(browser.program, [...browser.argumentsFor(profile), url], {
      stdio: 'ignore',
      // What it keeps outside of the profile must not lie in somebody's home.
      env: { ...process.env, HOME: join(profile, '..') },
    });
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  get hasEnded(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  async up(): Promise<void> {
    const isUp = () => existsSync(this.#portFile) && readFileSync(this.#portFile, 'utf8').length > 0;
    await until(() => this.hasEnded || isUp(), `${this.#browser.name} is up`);
    if (this.hasEnded) throw new Error(`${this.#browser.name} ended before it was up`);
  }

  async close(): Promise<void> {
    const { url, messages } = this.#browser.closeBy(this.#portFile);
    await exchange(url, messages);
    await this.ended();
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  async ended(): Promise<void> {
    await until(() => this.hasEnded, `${this.#browser.name} has ended`);
    await wait(HELPERS_END_MS);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.hasEnded) return;
    this.signal('SIGKILL');
    await this.ended();
  }
}
