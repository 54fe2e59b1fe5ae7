/** The worker: a process of its own, so that it can die like one. */
import {
  LeaseDeniedError,
  connectWorker,
  withBrowserProfile,
  type Lease,
  type Worker,
} from '@profile-warden/worker';
import { chromium } from 'playwright-core';
import { readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { KillPoint, WorkerOrders, WorkerWord } from './orders.ts';
import { buyLamp } from './purchase.ts';

const orders = JSON.parse(process.argv[2] ?? '{}') as WorkerOrders;
const { connection, profileId, profileDirectory, browser, killAt } = orders;

const tell = (word: WorkerWord): Promise<void> =>
  new Promise((resolve) => {
    if (process.send === undefined) resolve();
    else process.send(word, () => resolve());
  });

/** As when the power fails: the browser first, so that it saves nothing, then this process. */
const passes = async (point: KillPoint): Promise<void> => {
  if (point !== killAt) return;
  await tell({ word: 'dies', at: point });
  const browserPid = /\d+$/.exec(readlinkSync(join(profileDirectory, 'SingletonLock')))?.[0];
  process.kill(Number(browserPid), 'SIGKILL');
  process.kill(process.pid, 'SIGKILL');
};

/** A fresh task where the profile is free, a resumed one where it waits for that; never another profile. */
const acquire = async (worker: Worker): Promise<Lease> => {
  const wanted = {
    profileId,
    taskId: `${profileId}-lamp`,
    profileDirectory,
    browser: { kind: 'chromium', version: browser.version },
  } as const;
  for (let intent: 'fresh' | 'resume' = 'fresh'; ;) {
    try {
      return await worker.acquire({ ...wanted, intent });
    } catch (error) {
      if (!(error instanceof LeaseDeniedError) || error.kind !== 'retryable') throw error;
      if (error.reason === 'resume-pending') intent = 'resume';
      else {
        await tell({ word: 'waits', reason: error.reason, forMs: error.retryAfterMs });
        await wait(error.retryAfterMs);
      }
    }
  }
};

await using worker = await connectWorker(connection);
process.once('SIGTERM', () => void worker.shutdown());
try {
  await using lease = await acquire(worker);
  await tell({
    word: 'granted',
    token: lease.token,
    resumedFrom: lease.resumeFrom?.checkpoint.name ?? null,
  });
  const launch = { executablePath: browser.program, args: ['--no-sandbox'] };
  await withBrowserProfile(lease, { chromium, launch }, async (context) => {
    const page = await context.newPage();
    await buyLamp(page, lease, orders, { tell: (name) => void tell({ word: 'step', name }), passes });
  });
  const { ended } = await lease.release({ outcome: 'completed' });
  await tell({ word: 'done', released: ended });
} catch (error) {
  if (!(error instanceof LeaseDeniedError)) throw error;
  await tell({ word: 'refused', reason: error.reason, nextAction: error.nextAction });
}
if (process.connected) process.disconnect();
