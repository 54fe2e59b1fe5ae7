import { rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { until } from './browser.fixture.ts';
import { savedCookies } from './history-cookies.fixture.ts';
import type { HistoryStep } from './history-messages.fixture.ts';
import { NEVER, SESSION_COOKIE } from './history-shop.fixture.ts';
import type { HistoryStage, Played } from './history-stage.fixture.ts';
import type { HistoryWorker } from './history-worker.fixture.ts';

/** What happens on a profile until its last holder is gone. */
export type Play = (stage: HistoryStage) => Promise<Played>;

const LOG_IN: HistoryStep = { name: 'log in', kind: 'side-effect', repeatable: true, path: '/login' };
const LOG_IN_FOR_GOOD: HistoryStep = { ...LOG_IN, checkpoint: { name: 'logged in', stored: 'profile' } };
const FILL_CART: HistoryStep = { name: 'add to the cart', kind: 'reversible', path: '/cart' };
const CHECK_OUT: HistoryStep = { name: 'check out', kind: 'sensitive', path: `${NEVER}/checkout` };
const PLACE_ORDER: HistoryStep = { name: 'place the order', kind: 'sensitive', final: true, path: '/order' };
const LOOK: HistoryStep = { name: 'look at the orders', kind: 'read', path: '/orders' };
const SEND: HistoryStep = { name: 'send the message', kind: 'side-effect', path: '/message' };

const KILLED_EARLY_MS = 12_000;
/** Until the checkpoint counts, and a little for log time, which falls behind where the machine is slow. */
const KILLED_LATE_MS = 42_000;
const SYNC_EVERY_MS = 100;

const loggedInForLong = async (stage: HistoryStage, worker: HistoryWorker): Promise<void> => {
  await worker.does(LOG_IN_FOR_GOOD);
  await wait(KILLED_LATE_MS);
  await until(() => savedCookies(stage.directory).includes(SESSION_COOKIE), 'Chromium has saved the login');
};

/** The lines of the table, by the profile on which each happens. */
export const TABLE = {
  'login-in-flight': (stage) =>
    stage.killed((worker) => worker.begins({ ...LOG_IN, path: `${NEVER}/login` })),

  'login-just-done': async (stage) => {
    await stage.killed(async (worker) => {
      await worker.does(LOG_IN_FOR_GOOD);
      await wait(KILLED_EARLY_MS);
    });
    return { cookies: savedCookies(stage.directory) };
  },

  'login-kept': async (stage) => {
    await stage.killed((worker) => loggedInForLong(stage, worker));
    return { cookies: savedCookies(stage.directory) };
  },

  'cart-filled': (stage) =>
    stage.killed(async (worker) => {
      await loggedInForLong(stage, worker);
      await worker.does(FILL_CART);
    }),

  'checkout-swallowed': (stage) =>
    stage.lived(async (worker) => {
      await worker.failsAt({ ...CHECK_OUT, patienceMs: 1_000 });
      await worker.releases();
    }),

  'checkout-in-flight': (stage) => stage.killed((worker) => worker.begins(CHECK_OUT)),

  'order-placed': (stage) => stage.killed((worker) => worker.does(PLACE_ORDER)),

  'read-only': (stage) => stage.killed((worker) => worker.does(LOOK), { wanted: { readOnly: true } }),

  'two-tabs': (stage) =>
    stage.killed(async (worker) => {
      await worker.begins(CHECK_OUT);
      await worker.does(LOOK);
    }),

  'legacy-script': (stage) => stage.killed(() => Promise.resolve()),

  'queued-worker-dead': async (stage) => {
    const holder = stage.worker();
    await holder.leased();
    const queued = stage.worker({ waitMs: 60_000, taskId: 'queued-task' });
    await stage.said('LeaseRequested', ({ taskId }) => taskId === 'queued-task');
    await queued.dies();
    await holder.releases();
    return { token: 2 };
  },
} as const satisfies Record<string, Play>;

/** What no line of the table leads to, so that every rule decides something. */
export const OTHERS = {
  'killed-in-review': async (stage) => {
    await stage.killed((worker) => worker.begins(CHECK_OUT));
    await stage.decided(1);
    await stage.killed((worker) => worker.does(LOOK), { wanted: { intent: 'inspect' } });
    return { token: 2 };
  },

  'killed-twice': async (stage) => {
    await stage.killed((worker) => worker.does(LOOK));
    await stage.decided(1);
    await stage.killed((worker) => worker.does(LOOK));
    return { token: 2 };
  },

  'stopped-by-operator': (stage) =>
    stage.killed(async (worker) => {
      await worker.does(LOOK);
      await stage.says({ type: 'QuarantineRequested', token: 1, operator: 'ada', reason: 'wrong account' });
      await stage.said('Quarantined');
    }),

  'lock-of-another-host': async (stage) => {
    await stage.killed((worker) => worker.does(LOOK));
    rmSync(join(stage.directory, 'SingletonLock'), { force: true });
    symlinkSync('other-host-4242', join(stage.directory, 'SingletonLock'));
    return {};
  },

  'browser-lives-on': (stage) => stage.killed((worker) => worker.does(LOOK), { browser: 'lives-on' }),

  'synced-by-others': async (stage) => {
    await stage.killed((worker) => worker.does(LOOK));
    let count = 0;
    const sync = setInterval(() => {
      writeFileSync(join(stage.directory, 'synced'), String((count += 1)));
    }, SYNC_EVERY_MS);
    await stage.decided(1).finally(() => clearInterval(sync));
    return {};
  },

  'preferences-broken': async (stage) => {
    await stage.killed((worker) => worker.does(LOOK));
    writeFileSync(join(stage.directory, 'Default', 'Preferences'), '{"profile":');
    return {};
  },

  'message-in-flight': (stage) =>
    stage.killed((worker) => worker.begins({ ...SEND, path: `${NEVER}/message` })),

  'another-proxy': (stage) => stage.killed((worker) => worker.does({ ...LOOK, proxyId: 'proxy-us-9' })),

  'browser-never-started': async (stage) => {
    const worker = stage.worker();
    await worker.leased();
    await worker.dies();
    return {};
  },

  'message-sent': (stage) => stage.killed((worker) => worker.does(SEND)),
} as const satisfies Record<string, Play>;
