import {
  LeaseDeniedError,
  LeaseLostError,
  connectWorker,
  type Lease,
  type Worker,
} from '@profile-warden/worker';
import { AccountService } from './account.ts';
import { launchBrowser, type RunningBrowser } from './browser.ts';
import { PROXY, type WorkerOrders, type WorkerWord } from './messages.ts';

/** One worker of the fleet in a process of its own, so that it can be killed and stopped like one. */
const orders = JSON.parse(process.argv[2] ?? '{}') as WorkerOrders;
let browserPid = 0;

const say = (word: WorkerWord): void => {
  process.send?.(word);
};

const endBrowser = (): void => {
  if (browserPid > 0)
    try {
      process.kill(-browserPid, 'SIGKILL');
    } catch {
      // It has ended already.
    }
};

// The demo is gone: nothing of it may stay behind.
process.on('disconnect', () => {
  endBrowser();
  process.exit(1);
});

const acquire = (worker: Worker): Promise<Lease> =>
  worker.acquire({
    profileId: orders.profileId,
    taskId: orders.taskId,
    intent: orders.plan === 'resume' ? 'resume' : 'fresh',
    proxyId: PROXY,
    browser: { kind: orders.browser.kind, version: orders.browser.version },
    profileDirectory: orders.directory,
  });

const hold = async (lease: Lease): Promise<RunningBrowser> => {
  const browser = await launchBrowser(orders.browser, orders.directory);
  browserPid = browser.pid;
  lease.browserState(async () => ((await browser.isReachable()) ? 'reachable' : 'unreachable'));
  say({
    word: 'holding',
    token: lease.token,
    browserPid,
    resumedFrom: lease.resumeFrom?.checkpoint.name ?? null,
  });
  return browser;
};

const release = async (
  lease: Lease,
  browser: RunningBrowser,
  outcome: 'completed' | 'failed',
): Promise<void> => {
  const closed = await browser.close();
  const { ended } = await lease.release({ outcome, browserClosed: closed ? 'confirmed' : 'unconfirmed' });
  say({ word: 'released', ended });
};

/** Does nothing more until it is killed. */
const forever = (): Promise<never> => new Promise(() => undefined);

const shop = (path: string): string => `${orders.shopUrl}${path}`;

const PLANS: Readonly<
  Record<WorkerOrders['plan'], (lease: Lease, browser: RunningBrowser) => Promise<void>>
> = {
  'crash-after-checkpoint': async (lease, browser) => {
    await lease.step('open the shop', { kind: 'read', url: shop('/') }, () => browser.visit(shop('/')));
    const checkpoint = { name: 'logged in', stored: 'server' } as const;
    await lease.step(
      'log in',
      { kind: 'side-effect', repeatable: true, url: shop('/login'), checkpoint },
      () => browser.visit(shop('/login')),
    );
    await lease.step('look at the cart', { kind: 'read', url: shop('/cart') }, () =>
      browser.visit(shop('/cart')),
    );
    say({ word: 'ready' });
    await forever();
  },
  resume: async (lease, browser) => {
    await lease.step('look at the cart again', { kind: 'read', url: shop('/cart') }, () =>
      browser.visit(shop('/cart')),
    );
    say({ word: 'ready' });
    await new Promise((resolve) => process.once('message', resolve));
    await release(lease, browser, 'completed');
  },
  'crash-in-sensitive-step': async (lease, browser) => {
    await lease.step('fill the cart', { kind: 'reversible', url: shop('/cart') }, () =>
      browser.visit(shop('/cart')),
    );
    await lease.step('check out', { kind: 'sensitive', final: true, url: shop('/checkout') }, async () => {
      say({ word: 'ready' });
      await browser.visit(shop('/checkout'));
    });
  },
  paused: async (lease, browser) => {
    await lease.step('read the orders', { kind: 'read', url: shop('/orders') }, () =>
      browser.visit(shop('/orders')),
    );
    say({ word: 'ready' });
    await new Promise<void>((resolve) =>
      lease.signal.addEventListener('abort', () => resolve(), { once: true }),
    );
    const accounts = await AccountService.open(orders.databaseUrl);
    const write = await accounts.write(orders.profileId, lease.token);
    await accounts.close();
    const reason: unknown = lease.signal.reason;
    say({
      word: 'aborted',
      code: reason instanceof LeaseLostError ? reason.code : String(reason),
      write: typeof write === 'string' ? write : write.refused,
    });
    await release(lease, browser, 'failed');
  },
  'open-step-release': async (lease, browser) => {
    const checkOut = lease.step('check out', { kind: 'sensitive', url: shop('/checkout') }, () =>
      Promise.reject(new Error('the page never answered')),
    );
    // What many scripts do: swallow the error and give the profile back as if all was well.
    await checkOut.catch(() => undefined);
    await release(lease, browser, 'completed');
  },
  ask: () => Promise.resolve(),
};

try {
  const worker = await connectWorker({
    workerId: orders.workerId,
    hostId: orders.hostId,
    brokers: orders.brokers,
    registryUrl: orders.registryUrl,
    topic: orders.topic,
    partitionCount: orders.partitionCount,
    heartbeatEveryMs: orders.heartbeatEveryMs,
    marginMs: orders.marginMs,
  });
  const lease = await acquire(worker);
  const browser = await hold(lease);
  await PLANS[orders.plan](lease, browser);
  await worker.shutdown();
  process.exit(0);
} catch (error) {
  endBrowser();
  if (error instanceof LeaseDeniedError) {
    const { reason, state, holder, token, since, nextAction, retryAfterMs } = error;
    say({ word: 'denied', denial: { reason, state, holder, token, since, nextAction, retryAfterMs } });
  } else
    say({ word: 'failed', message: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  process.exitCode = 1;
  process.disconnect();
}
