import { spawn, type ChildProcess } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { rmSync, symlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { PlaywrightContext } from './chromium.ts';

/** What `use` gets of a stand-in. */
export class StandInContext extends EventEmitter implements PlaywrightContext {
  /** What it was set to, in the order in which it was done; each takes a turn of the event loop at least. */
  readonly offline: boolean[] = [];
  /** Called before it is set offline, which takes as long as what it returns. */
  whileGoingOffline: () => unknown = () => undefined;
  /** Called before it closes, which takes as long as what it returns. */
  whileClosing: () => unknown = () => undefined;
  readonly #child: ChildProcess;

  constructor(child: ChildProcess) {
    super();
    this.#child = child;
  }

  get isAlive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  browser(): null {
    return null;
  }

  cookies(): Promise<unknown> {
    return Promise.resolve([]);
  }

  async setOffline(isOffline: boolean): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    if (isOffline) await this.whileGoingOffline();
    this.offline.push(isOffline);
  }

  async close(): Promise<void> {
    await this.whileClosing();
    await this.kill();
    this.emit('close');
  }

  async kill(): Promise<void> {
    if (!this.isAlive) return;
    const end = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill('SIGKILL');
    await end;
  }
}

/**
 * Stands where Playwright stands. A browser of it is a process that does nothing, has the directory in its arguments, and
 * is named by the profile's lock.
 */
export class StandInChromium implements AsyncDisposable {
  readonly launched: StandInContext[] = [];
  /** Called while a browser comes up, which takes as long as what it returns. */
  whileLaunching: () => unknown = () => undefined;

  async launchPersistentContext(directory: string): Promise<StandInContext> {
    const child = spawn('/bin/sh', ['-c', 'read word', 'sh', `--user-data-dir=${directory}`], {
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    const context = new StandInContext(child);
    this.launched.push(context);
    const lock = join(directory, 'SingletonLock');
    rmSync(lock, { force: true });
    symlinkSync(`${hostname()}-${child.pid}`, lock);
    await this.whileLaunching();
    return context;
  }

  get aliveCount(): number {
    return this.launched.filter(({ isAlive }) => isAlive).length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.launched.map((context) => context.kill()));
  }
}
