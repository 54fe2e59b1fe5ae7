import { lookAtProcess } from '@profile-warden/browser-host';
import { hostname } from 'node:os';
import { WorkerError } from '../errors.ts';
import type { WorkerClock } from '../ports.ts';
import { within } from '../watch.ts';
import { ProfileInUseError } from './browser-errors.ts';
import type { StartBrowser, StartedBrowser } from './driver.ts';
import { ProfileSight } from './profile-sight.ts';

/**
 * How a browser ended: `closed` in order by this package, `killed` by it because it did not close in time, `crashed` by
 * itself, or `disconnected`: it lived on unreachable, and was killed for that.
 */
export interface BrowserEnding {
  readonly how: 'closed' | 'killed' | 'crashed' | 'disconnected';
  /** Whether no process uses the directory any more. */
  readonly confirmed: boolean;
  /** Of the browser. */
  readonly pid: number;
}

export interface BrowserLimits {
  /** ms that it has to close in order. */
  readonly closeTimeoutMs: number;
}

/** Whether the lease allows a browser to be started on its directory. */
export interface StartLeave {
  /** Whether it does at this moment. Throws once it never will again. */
  readonly mayBegin: () => boolean;
  /** Resolves when `mayBegin` would answer otherwise. */
  readonly untilMayBegin: () => Promise<void>;
}

interface Root {
  readonly pid: number;
  /** Null where the system does not tell. */
  readonly start: number | null;
}

/** Helpers outlive their browser by a moment; a directory on which only these are is waited for. */
const HELPERS_END_MS = 2_000;
/** A browser that writes no lock is recognised by its files, which it opens soon after its start. */
const PROOF_MS = 5_000;
/** What ends by a signal that cannot be caught ends within this, unless the kernel holds it. */
const KILLED_MS = 3_000;
/** A connection that is lost is the first sign of an end; the process itself may take this long. */
const CRASH_MS = 1_000;
const LOOK_EVERY_MS = 50;
/** A browser that did not close in order is gone this much later, or is given up: two waits, and the looks around them. */
export const KILLING_MS = 2 * KILLED_MS + 1_000;

/**
 * One browser on one directory.
 *
 *   open → closing     `close`: asked to end in order, killed where it does not
 *   open → closing     its connection is gone: crashed, or killed where it lives on
 *   closing → ended    nobody uses the directory any more (confirmed), or that could not be seen (unconfirmed)
 *
 * It is open only after the profile was held against the process that was started: its lock names that process, or that
 * process writes in it. No lock file is ever removed: a browser takes over by itself what a dead one has left.
 */
export class BrowserProfile<Handle> {
  readonly #directory: string;
  readonly #browser: StartedBrowser<Handle>;
  readonly #root: Root;
  readonly #limits: BrowserLimits;
  readonly #clock: WorkerClock;
  readonly #ended = Promise.withResolvers<BrowserEnding>();
  #isClosing = false;

  private constructor(
    directory: string,
    browser: StartedBrowser<Handle>,
    root: Root,
    limits: BrowserLimits,
    clock: WorkerClock,
  ) {
    this.#directory = directory;
    this.#browser = browser;
    this.#root = root;
    this.#limits = limits;
    this.#clock = clock;
    browser.onGone(() => void this.#gone());
  }

  /**
   * Rejects with `ProfileInUseError`, with what `leave.mayBegin` throws, or with `browser-not-started` or `wrong-profile`
   * after the browser was ended.
   */
  static async open<Handle>(
    directory: string,
    start: StartBrowser<Handle>,
    leave: StartLeave,
    limits: BrowserLimits,
    clock: WorkerClock,
  ): Promise<BrowserProfile<Handle>> {
    await untilFree(directory, clock);
    while (!leave.mayBegin()) {
      await leave.untilMayBegin();
      await untilFree(directory, clock);
    }
    // No await between that look and the start.
    let browser: StartedBrowser<Handle>;
    try {
      browser = await start(directory);
    } catch (cause) {
      await endOurs(directory, clock);
      // It may have come in between; a browser refuses then by itself.
      const occupant = new ProfileSight(directory).occupant();
      if (occupant !== null) throw new ProfileInUseError(directory, occupant, hostname());
      throw new WorkerError('browser-not-started', messageOf(cause), { cause });
    }
    const root = await rootOf(directory, browser.pid ?? process.pid, clock);
    if (typeof root !== 'string') return new BrowserProfile(directory, browser, root, limits, clock);
    await within(browser.close(), clock, limits.closeTimeoutMs).catch(() => undefined);
    await endOurs(directory, clock);
    throw new WorkerError('wrong-profile', `${directory}: ${root}`);
  }

  get handle(): Handle {
    return this.#browser.handle;
  }

  /** How it ended; pending until it has. */
  get ended(): Promise<BrowserEnding> {
    return this.#ended.promise;
  }

  async isReachable(): Promise<boolean> {
    if (this.#isClosing) return false;
    await this.#browser.ask();
    return true;
  }

  async setOffline(isOffline: boolean): Promise<void> {
    if (!this.#isClosing) await this.#browser.setOffline(isOffline);
  }

  /** Resolves once it has ended, or was given up. Never rejects; a second call waits for the first. */
  close(): Promise<BrowserEnding> {
    if (!this.#isClosing) {
      this.#isClosing = true;
      void this.#close();
    }
    return this.#ended.promise;
  }

  async #close(): Promise<void> {
    const { closeTimeoutMs } = this.#limits;
    const until = this.#clock.now() + closeTimeoutMs;
    await within(this.#browser.close(), this.#clock, closeTimeoutMs).catch(() => undefined);
    if (await this.#isLeft(until - this.#clock.now())) this.#end('closed', true);
    else this.#end('killed', await this.#kill());
  }

  async #gone(): Promise<void> {
    if (this.#isClosing) return;
    this.#isClosing = true;
    if (await this.#isLeft(CRASH_MS)) this.#end('crashed', true);
    else this.#end('disconnected', await this.#kill());
  }

  #end(how: BrowserEnding['how'], confirmed: boolean): void {
    this.#ended.resolve({ how, confirmed, pid: this.#root.pid });
  }

  async #kill(): Promise<boolean> {
    kill(this.#root);
    await endOurs(this.#directory, this.#clock);
    return this.#isLeft(KILLED_MS);
  }

  #isLeft(limitMs: number): Promise<boolean> {
    const isLeft = (): boolean => isGone(this.#root) && new ProfileSight(this.#directory).users.length === 0;
    return poll(this.#clock, limitMs, isLeft);
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

function isGone({ pid, start }: Root): boolean {
  const entry = lookAtProcess(pid);
  if (typeof entry === 'string') return entry === 'absent';
  return entry.isDead || (start !== null && entry.start !== start);
}

function kill(root: Root): void {
  if (isGone(root)) return;
  try {
    process.kill(root.pid, 'SIGKILL');
  } catch {
    // It has ended in between.
  }
}

/** At least one look, however little time there is. */
async function poll(clock: WorkerClock, limitMs: number, holds: () => boolean): Promise<boolean> {
  const until = clock.now() + limitMs;
  while (!holds()) {
    if (clock.now() >= until) return false;
    await clock.sleep(LOOK_EVERY_MS);
  }
  return true;
}

async function untilFree(directory: string, clock: WorkerClock): Promise<void> {
  const until = clock.now() + HELPERS_END_MS;
  for (;;) {
    const occupant = new ProfileSight(directory).occupant();
    if (occupant === null) return;
    if (!occupant.isHelper || clock.now() >= until)
      throw new ProfileInUseError(directory, occupant, hostname());
    await clock.sleep(LOOK_EVERY_MS);
  }
}

/** The browser that was started, as the directory tells it; words where it tells otherwise. */
async function rootOf(directory: string, ancestor: number, clock: WorkerClock): Promise<Root | string> {
  const until = clock.now() + PROOF_MS;
  for (;;) {
    const sight = new ProfileSight(directory);
    const strangers = sight.strangersTo(ancestor).map(({ how }) => how);
    if (strangers.length > 0) return `somebody else is on it: ${strangers.join('; ')}`;
    const root = sight.browserBelow(ancestor);
    if (root !== null) return root;
    if (clock.now() >= until) return 'neither its lock nor open files belong to the browser that was started';
    await clock.sleep(LOOK_EVERY_MS);
  }
}

/** Ends what this process has started on the directory, and nothing else. */
async function endOurs(directory: string, clock: WorkerClock): Promise<void> {
  await poll(clock, KILLED_MS, () => {
    const sight = new ProfileSight(directory);
    const strangers = new Set(sight.strangersTo(process.pid));
    const ours = sight.users.filter((user) => !strangers.has(user));
    for (const { entry } of ours) kill(entry);
    return ours.length === 0;
  });
}
