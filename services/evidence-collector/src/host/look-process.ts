import { readLock, readProcessTable } from '@profile-warden/browser-host';
import { judgeTree } from './browser-tree.ts';
import { lookAtDatabases } from './databases.ts';
import { lookAtDirectory } from './directory.ts';
import { layoutOf } from './layout.ts';
import { listDirectory, type Listing } from './listing.ts';
import type { LookTask, PartMessage } from './look-task.ts';
import { browserVersionOf, exitTypeOf, lookAtPreferences } from './preferences.ts';
import { lookAtScreenshot } from './screenshot.ts';
import { unknown } from './seen.ts';
import { lookAtBoot, lookAtWorker } from './worker-process.ts';

// A process of its own, because all of this may block for ever: a hung mount holds a thread that no timer and
// no abort can take back, while a process can be given up. It reads, tells and ends.

const NOT_SEEN = 'no directory of the lease can be seen from this host';

type Tell = (message: PartMessage) => Promise<void>;

/** What is quick and cannot hang goes first. */
async function look(task: LookTask, tell: Tell): Promise<void> {
  const sameBoot = lookAtBoot(task);
  const workerAlive = lookAtWorker(task, sameBoot);
  const table = readProcessTable();
  const early = judgeTree(task, sameBoot, table, null);
  await tell({ part: 'processes', report: { sameBoot, workerAlive, ...early } });

  const { realPath, identity, ...directory } = lookAtDirectory(task, sameBoot);
  await tell({ part: 'directory', report: directory });
  // A directory that is surely gone hides nothing; one that did not answer does.
  const isSettled = realPath !== null || directory.directoryPresent.value === 'no';
  const lock = realPath === null ? null : readLock(realPath);
  const listing: Listing | null = realPath === null ? null : listDirectory(realPath);
  const identities = listing?.identities ?? new Set<string>();
  const known = isSettled ? { realPath, identity, identities, lock } : null;
  await tell({
    part: 'processes',
    report: { sameBoot, workerAlive, ...judgeTree(task, sameBoot, table, known) },
  });
  if (listing !== null) {
    const { hash, complete, how, bytes, lastWriteAt } = listing;
    await tell({ part: 'listing', report: { hash, complete, how, bytes, lastWriteAt } });
  }
}

async function read(task: LookTask, tell: Tell): Promise<void> {
  const { directory } = task;
  const layout = directory === null ? NOT_SEEN : layoutOf(directory, task.browserKind);
  if (directory === null || typeof layout === 'string') {
    const why = unknown(typeof layout === 'string' ? layout : NOT_SEEN);
    await tell({ part: 'preferences', report: why });
    await tell({ part: 'databases', report: why });
    await tell({ part: 'cookies', report: why });
  } else {
    const exitType = exitTypeOf(directory, layout);
    const lock = readLock(directory);
    const lockTarget = lock !== null && 'target' in lock ? lock.target : null;
    const browserVersion = browserVersionOf(directory, layout);
    await tell({ part: 'facts', report: { lockTarget, browserVersion, exitType } });
    await tell({ part: 'preferences', report: lookAtPreferences(directory, layout, task.firstLease) });
    const { databases, cookies } = lookAtDatabases(directory, layout, task);
    await tell({ part: 'databases', report: databases });
    await tell({ part: 'cookies', report: cookies });
  }
  // Last: its reference may point to another, hung mount, or to a server that does not answer.
  const isReachable = task.isMyHost || directory !== null;
  const screenshot = isReachable
    ? await lookAtScreenshot(task.screenshot, task.screenshotOrigins)
    : unknown('the lease is of another host');
  await tell({ part: 'screenshot', report: screenshot });
}

process.once('message', (message) => {
  const task = message as LookTask;
  const tell: Tell = (part) =>
    new Promise((resolve, reject) => {
      process.send?.(part, (error: Error | null) => (error === null ? resolve() : reject(error)));
    });
  const run = task.do === 'look' ? look : read;
  // Whoever asked has gone, or will see the parts that are missing.
  run(task, tell).then(
    () => process.exit(0),
    () => process.exit(1),
  );
});
// Its owner ended before asking.
process.once('disconnect', () => process.exit(1));
