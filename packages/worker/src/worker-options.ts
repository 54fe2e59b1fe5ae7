import { types } from 'node:util';
import { InvalidInputError } from './errors.ts';
import { checkText, checkWhole } from './input-check.ts';
import type { OnNotice } from './notice.ts';
import { safeNotice } from './notice.ts';

/** How a worker behaves. Durations in ms of its own clocks. Take the first three from the deployed policy. */
export interface WorkerOptions {
  /** Stable name of the worker, 1 to 128 characters. A restart under the same name ends its former leases at once. */
  readonly workerId: string;
  /** Name of the host, 1 to 128 characters; the collector on it must use the same. Default `os.hostname()`. */
  readonly hostId?: string;
  /**
   * Time between two heartbeats of a lease. Default 10,000; 20 to 600,000. A third of the policy's suspectAfterMs at
   * most, so that two may fail before anybody is suspicious.
   */
  readonly heartbeatEveryMs?: number;
  /**
   * How much earlier than leaseMs the worker stops on its own. Default 25,000; 1 to 86,400,000. Covers what log time
   * can run ahead of the worker's clocks plus the time to end a browser: 4 ticks + killMs.
   */
  readonly marginMs?: number;
  /**
   * How long a lease may stay paused before it is given up. Default 600,000; 1 to 86,400,000. The longest broker outage
   * a fleet should sit out with its browsers open and offline.
   */
  readonly pauseMaxMs?: number;
  /**
   * How long `acquire` waits beyond `waitMs` for the answer and for the first heartbeat to be read back. Default
   * 30,000; 100 to 600,000. Above a takeover of the authority, which takes seconds.
   */
  readonly answerTimeoutMs?: number;
  /**
   * How long `release` waits for running steps, then for the browser to be closed (longer where the closeTimeoutMs of
   * `withBrowserProfile` or the needsMs of `closeBrowserWith` says so), and then for the log's answer. Default 15,000;
   * 100 to 600,000. Afterwards it resolves with `unknown` and the system recovers the profile by itself.
   */
  readonly releaseTimeoutMs?: number;
  /** How long the browser may take to answer the `browserState` callback. Default 2,000; 1 to 60,000. */
  readonly browserAnswerMs?: number;
  /**
   * How long `shutdown` waits for stop callbacks and running steps before it releases. Default 60,000; 100 to
   * 3,600,000. The releases come on top, see releaseTimeoutMs: both together below the time that your supervisor leaves
   * before it kills.
   */
  readonly shutdownTimeoutMs?: number;
  /** Leases held and asked for at a time. Default 1,000; 1 to 100,000. A bound on memory, and on what one crash costs. */
  readonly maxLeases?: number;
  /**
   * Parts of url paths that are replaced by `*` before a url is sent, for sites that put secrets into paths: every
   * match of every pattern, whatever its flags `g` and `y` say. Default none; at most 32. Query, fragment and user info
   * are always removed.
   */
  readonly secretUrlPaths?: readonly RegExp[];
  /** Hears what the worker has to tell about itself, see `WorkerNotice`. Default nobody. May throw. */
  readonly onNotice?: OnNotice;
}

export interface WorkerSettings {
  readonly workerId: string;
  readonly heartbeatEveryMs: number;
  readonly marginMs: number;
  readonly pauseMaxMs: number;
  readonly answerTimeoutMs: number;
  readonly releaseTimeoutMs: number;
  readonly browserAnswerMs: number;
  readonly shutdownTimeoutMs: number;
  readonly maxLeases: number;
  readonly secretUrlPaths: readonly RegExp[];
  readonly notice: OnNotice;
}

const DAY_MS = 86_400_000;
const MAX_SECRET_PATHS = 32;

export function checkWorkerOptions(options: WorkerOptions): WorkerSettings {
  if (options.hostId !== undefined) checkText('hostId', options.hostId, 128);
  return {
    workerId: checkText('workerId', options.workerId, 128),
    heartbeatEveryMs: checkWhole('heartbeatEveryMs', options.heartbeatEveryMs ?? 10_000, 20, 600_000),
    marginMs: checkWhole('marginMs', options.marginMs ?? 25_000, 1, DAY_MS),
    pauseMaxMs: checkWhole('pauseMaxMs', options.pauseMaxMs ?? 600_000, 1, DAY_MS),
    answerTimeoutMs: checkWhole('answerTimeoutMs', options.answerTimeoutMs ?? 30_000, 100, 600_000),
    releaseTimeoutMs: checkWhole('releaseTimeoutMs', options.releaseTimeoutMs ?? 15_000, 100, 600_000),
    browserAnswerMs: checkWhole('browserAnswerMs', options.browserAnswerMs ?? 2_000, 1, 60_000),
    shutdownTimeoutMs: checkWhole('shutdownTimeoutMs', options.shutdownTimeoutMs ?? 60_000, 100, 3_600_000),
    maxLeases: checkWhole('maxLeases', options.maxLeases ?? 1_000, 1, 100_000, 'leases'),
    secretUrlPaths: checkSecretUrlPaths(options.secretUrlPaths ?? []),
    notice: safeNotice(options.onNotice),
  };
}

/** The patterns as `redactUrl` takes them. */
export function checkSecretUrlPaths(patterns: unknown): readonly RegExp[] {
  if (!Array.isArray(patterns))
    throw new InvalidInputError('secretUrlPaths', patterns, 'an array of regular expressions');
  if (patterns.length > MAX_SECRET_PATHS)
    throw new InvalidInputError(
      'secretUrlPaths',
      `${patterns.length} patterns`,
      `at most ${MAX_SECRET_PATHS} patterns`,
    );
  return Array.from(patterns, (pattern: unknown, index) => {
    if (!types.isRegExp(pattern))
      throw new InvalidInputError(`secretUrlPaths[${index}]`, pattern, 'a regular expression');
    // The first match alone would leave the second secret, and a sticky pattern finds nothing behind the start.
    return new RegExp(pattern.source, `${pattern.flags.replaceAll(/[gy]/g, '')}g`);
  });
}
