import { InvalidInputError, WorkerError } from '../errors.ts';
import { checkWhole } from '../input-check.ts';
import type { Lease } from '../lease.ts';
import type { WorkerClock } from '../ports.ts';
import { systemClock } from '../system-clock.ts';
import { BrowserProfile, KILLING_MS, type BrowserEnding } from './browser-profile.ts';
import { startChromium, type PlaywrightChromium, type PlaywrightContext } from './chromium.ts';
import type { StartBrowser } from './driver.ts';
import { startFirefox, type Puppeteer, type PuppeteerBrowser } from './firefox.ts';

/** For every kind of browser. */
export interface BrowserProfileOptions {
  /**
   * How long the browser may take to close in order, in ms, before it is killed. Default 5,000; 100 to 600,000. More
   * where its profile is large or its disk slow; below the policy's killMs, so that a lost lease leaves no browser
   * behind when others look. A release, also that of `worker.shutdown`, waits for the browser for closeTimeoutMs and
   * 7,000 ms for killing it, or for releaseTimeoutMs where that is more.
   */
  readonly closeTimeoutMs?: number;
  /** Told once how the browser has ended, whoever ended it. Default nobody. May throw. */
  readonly onEnded?: (ending: BrowserEnding) => void;
}

/** Chromium, by Playwright. */
export interface ChromiumProfile<Context extends PlaywrightContext, Launch> extends BrowserProfileOptions {
  /** `chromium` of `playwright` or `playwright-core`, 1.40 or newer. Required. */
  readonly chromium: PlaywrightChromium<Context, Launch>;
  /**
   * Options of `launchPersistentContext`, but for the directory, which is the lease's. Default none. Signals are not
   * handled by the driver unless asked for here: `worker.shutdown` closes browsers in order.
   */
  readonly launch?: NoInfer<Launch>;
}

/** Firefox, by Puppeteer over WebDriver BiDi. */
export interface FirefoxProfile<Browser extends PuppeteerBrowser, Launch> extends BrowserProfileOptions {
  /** The default export of `puppeteer-core`, 24 or newer. Required. */
  readonly firefox: Puppeteer<Browser, Launch>;
  /** Options of `launch`, but for browser and directory. Default none; `executablePath` is needed as a rule. */
  readonly launch?: NoInfer<Launch>;
}

/** Options that would lead a browser to another directory than the lease's. */
const OTHER_DIRECTORY = /^--?(?:user-data-dir|profile|P|ProfileManager|CreateProfile)(?:=|$)/;

/** Leases whose browser is open; nobody else may launch one beside it. */
const OPEN = new WeakSet<Lease>();

/**
 * Runs `use` with a browser on the leased directory, and closes that browser in order behind it.
 *
 * It starts nothing while somebody else has the directory open (`ProfileInUseError`), holds the profile's lock against the
 * process that it started, and goes to no other profile if that fails (`wrong-profile`). Meanwhile heartbeats ask the
 * browser; a paused lease sets it offline; a lost lease, a release or a shutdown closes it; how it ended is recorded, so
 * that `lease.release()` confirms the close only if nobody uses the directory any more. Lock files are never removed.
 *
 * Neither the launch nor `use` begins while the lease is paused, or once its release has begun (`lease-ended`).
 *
 * Resolves with what `use` returns, or rejects with what it throws; with `LeaseLostError` as soon as the lease is lost
 * and the browser has ended. Set your own `lease.browserState` inside of `use` if one page must answer too.
 */
export function withBrowserProfile<Context extends PlaywrightContext, Launch, T>(
  lease: Lease,
  options: ChromiumProfile<Context, Launch>,
  use: (context: Context) => T | Promise<T>,
): Promise<T>;
export function withBrowserProfile<Browser extends PuppeteerBrowser, Launch, T>(
  lease: Lease,
  options: FirefoxProfile<Browser, Launch>,
  use: (browser: Browser) => T | Promise<T>,
): Promise<T>;
export async function withBrowserProfile<T>(
  lease: Lease,
  options: ChromiumProfile<PlaywrightContext, unknown> | FirefoxProfile<PuppeteerBrowser, unknown>,
  use: (handle: never) => T | Promise<T>,
): Promise<T> {
  const plan = checkOptions(lease, options);
  if (typeof use !== 'function') throw new InvalidInputError('use', use, 'a function');
  while (!lease.mayBegin()) await lease.untilMayBegin();
  if (OPEN.has(lease)) throw new WorkerError('browser-open', lease.profileId);
  OPEN.add(lease);
  try {
    return await run(lease, plan, use as (handle: unknown) => T | Promise<T>);
  } finally {
    OPEN.delete(lease);
  }
}

interface Plan {
  readonly directory: string;
  readonly start: StartBrowser<unknown>;
  readonly closeTimeoutMs: number;
  readonly onEnded: (ending: BrowserEnding) => void;
  readonly clock: WorkerClock;
}

function checkOptions(
  lease: Lease,
  options: ChromiumProfile<PlaywrightContext, unknown> | FirefoxProfile<PuppeteerBrowser, unknown>,
): Plan {
  const { closeTimeoutMs = 5_000, onEnded, launch } = options;
  const directory = lease.profileDirectory;
  if (directory?.startsWith('/') !== true)
    throw new InvalidInputError('profileDirectory', directory, 'an absolute path, given to acquire');
  if (onEnded !== undefined && typeof onEnded !== 'function')
    throw new InvalidInputError('onEnded', onEnded, 'a function');
  checkLaunch(launch);
  return {
    directory,
    start: starterOf(options),
    closeTimeoutMs: checkWhole('closeTimeoutMs', closeTimeoutMs, 100, 600_000),
    onEnded: onEnded ?? (() => undefined),
    clock: systemClock,
  };
}

function starterOf(
  options: ChromiumProfile<PlaywrightContext, unknown> | FirefoxProfile<PuppeteerBrowser, unknown>,
): StartBrowser<unknown> {
  // A caller without types may have imported something else.
  if ('chromium' in options && isFunctionOf(options.chromium, 'launchPersistentContext'))
    return startChromium(options.chromium, options.launch);
  if ('firefox' in options && isFunctionOf(options.firefox, 'launch'))
    return startFirefox(options.firefox, options.launch);
  throw new InvalidInputError(
    'chromium or firefox',
    undefined,
    "Playwright's chromium, or puppeteer-core as firefox",
  );
}

const isFunctionOf = (driver: unknown, name: string): boolean =>
  typeof (driver as Record<string, unknown> | undefined)?.[name] === 'function';

function checkLaunch(launch: unknown): void {
  if (launch === undefined) return;
  if (typeof launch !== 'object' || launch === null)
    throw new InvalidInputError('launch', launch, 'options of the driver');
  const { args, userDataDir } = launch as { args?: unknown; userDataDir?: unknown };
  if (userDataDir !== undefined)
    throw new InvalidInputError('launch.userDataDir', userDataDir, 'left out: the lease names the directory');
  const words: readonly unknown[] = Array.isArray(args) ? args : [];
  const other = words.find((word) => typeof word === 'string' && OTHER_DIRECTORY.test(word));
  if (other !== undefined)
    throw new InvalidInputError('launch.args', other, 'without a directory: the lease names it');
}

async function run<T>(lease: Lease, plan: Plan, use: (handle: unknown) => T | Promise<T>): Promise<T> {
  const { directory, start, closeTimeoutMs, onEnded, clock } = plan;
  // Before the launch, so that a release meanwhile waits for this browser and takes no former one for it.
  const opening = BrowserProfile.open(directory, start, lease, { closeTimeoutMs }, clock);
  lease.browserState(() => 'starting');
  lease.closeBrowserWith(
    () => opening.then(async (opened) => (await opened.close()).confirmed, isNothingLeft),
    closeTimeoutMs + KILLING_MS,
  );
  let profile: Awaited<typeof opening>;
  try {
    profile = await opening;
  } catch (error) {
    if (isNothingLeft(error)) lease.browserClosed();
    throw error;
  }
  const ended = profile.ended.then((ending) => {
    if (ending.confirmed) lease.browserClosed();
    onEnded(ending);
  });
  ended.catch(() => undefined);
  lease.browserState(async () => ((await profile.isReachable()) ? 'reachable' : 'unreachable'));
  const removers = [
    lease.onPause(() => profile.setOffline(true)),
    lease.onResume(() => profile.setOffline(false)),
  ];
  const begin = async (): Promise<T> => {
    // Much may have become of the lease during the launch.
    while (!lease.mayBegin()) {
      await profile.setOffline(true);
      await lease.untilMayBegin();
      await profile.setOffline(false);
    }
    return use(profile.handle);
  };
  try {
    return await Promise.race([lossOf(lease, ended), begin()]);
  } catch (error) {
    lease.signal.throwIfAborted();
    throw error;
  } finally {
    for (const remove of removers) remove();
    await profile.close();
    await ended.catch(() => undefined);
  }
}

/** The launch failed, or the lease no longer allowed it. */
const NOTHING_LEFT: ReadonlySet<string> = new Set(['browser-not-started', 'lease-lost', 'lease-ended']);

/** Where somebody else is on the profile, or a browser went elsewhere, a release must not confirm anything. */
const isNothingLeft = (error: unknown): boolean =>
  error instanceof WorkerError && NOTHING_LEFT.has(error.code);

/** Rejects once the lease is lost and its browser has ended, which the lease's own hook brings about; else never settles. */
function lossOf(lease: Lease, ended: Promise<void>): Promise<never> {
  return new Promise((_resolve, reject) => {
    const lose = (): void => {
      const tell = (): void => reject(lease.signal.reason as Error);
      void ended.then(tell, tell);
    };
    if (lease.signal.aborted) lose();
    else lease.signal.addEventListener('abort', lose, { once: true });
  });
}
