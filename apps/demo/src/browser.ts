import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium, type Page } from 'playwright-core';

export interface BrowserKind {
  readonly kind: 'chromium' | 'other';
  /** Null: a child process that holds the directory stands in for the browser. */
  readonly executable: string | null;
  readonly version: string;
  /** As told to people. */
  readonly name: string;
}

const CANDIDATES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

export const findBrowser = (): BrowserKind => {
  for (const executable of CANDIDATES) {
    if (!existsSync(executable)) continue;
    const name = spawnSync(executable, ['--version'], { encoding: 'utf8', timeout: 10_000 }).stdout.trim();
    const version = /(\d+(?:\.\d+)*)/.exec(name)?.[1];
    if (version !== undefined) return { kind: 'chromium', executable, version, name: name.slice(0, 64) };
  }
  return { kind: 'other', executable: null, version: '1', name: 'stand-in process (no chromium found)' };
};

/** A browser on a profile directory, in a process group of its own. */
export interface RunningBrowser {
  readonly pid: number;
  readonly isReachable: () => Promise<boolean>;
  readonly visit: (url: string) => Promise<void>;
  /** Closes it in order and waits for its end; true when it was seen to end. */
  readonly close: () => Promise<boolean>;
}

const START_MS_MAX = 20_000;
const CLOSE_MS_MAX = 5_000;
const STAND_IN = fileURLToPath(new URL('./stand-in-browser.ts', import.meta.url));

export const launchBrowser = (browser: BrowserKind, directory: string): Promise<RunningBrowser> =>
  browser.executable === null ? launchStandIn(directory) : launchChromium(browser.executable, directory);

const launchStandIn = async (directory: string): Promise<RunningBrowser> => {
  const child = spawn(process.execPath, [STAND_IN, directory], {
    detached: true,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  // Its first word comes when it holds the directory.
  await Promise.race([
    new Promise((resolve) => child.stdout.once('data', resolve)),
    new Promise((_, reject) =>
      child.once('exit', () => reject(new Error('the stand-in browser did not start'))),
    ),
  ]);
  return {
    pid: child.pid ?? 0,
    isReachable: () => Promise.resolve(child.exitCode === null && child.signalCode === null),
    visit: () => Promise.resolve(),
    close: () => ended(child, () => child.kill('SIGTERM')),
  };
};

const launchChromium = async (executable: string, directory: string): Promise<RunningBrowser> => {
  const portFile = join(directory, 'DevToolsActivePort');
  await rm(portFile, { force: true });
  const child = spawn(
    executable,
    [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--remote-debugging-port=0',
      `--user-data-dir=${directory}`,
      'about:blank',
    ],
    { detached: true, stdio: 'ignore' },
  );
  const port = await devToolsPort(portFile, child);
  const connected = await chromium.connectOverCDP(`http://127.0.0.1:${port}`);
  const context = connected.contexts()[0] ?? (await connected.newContext());
  const page: Page = context.pages()[0] ?? (await context.newPage());
  return {
    pid: child.pid ?? 0,
    isReachable: async () => (await page.evaluate('1 + 1')) === 2,
    visit: async (url) => {
      await page.goto(url, { waitUntil: 'domcontentloaded', timeout: 0 });
    },
    close: () =>
      ended(child, async () => {
        const session = await connected.newBrowserCDPSession();
        await session.send('Browser.close').catch(() => undefined);
      }),
  };
};

const devToolsPort = async (portFile: string, child: ChildProcess): Promise<string> => {
  for (const until = performance.now() + START_MS_MAX; performance.now() < until;) {
    const port = await readFile(portFile, 'utf8').then(
      (text) => text.split('\n')[0] ?? '',
      () => '',
    );
    if (port !== '') return port;
    if (child.exitCode !== null)
      throw new Error(`chromium ended with code ${child.exitCode} before it was ready`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`chromium was not ready within ${START_MS_MAX} ms`);
};

const ended = async (child: ChildProcess, end: () => unknown): Promise<boolean> => {
  if (child.exitCode !== null || child.signalCode !== null) return true;
  const exit = new Promise<boolean>((resolve) => child.once('exit', () => resolve(true)));
  await end();
  return Promise.race([
    exit,
    new Promise<boolean>((resolve) => setTimeout(() => resolve(false), CLOSE_MS_MAX)),
  ]);
};
