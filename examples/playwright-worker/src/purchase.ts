import type { Lease } from '@profile-warden/worker';
import type { Page } from 'playwright-core';
import { setTimeout as wait } from 'node:timers/promises';
import type { KillPoint, WorkerOrders } from './orders.ts';

/** What `Purchase` is given by the program around it. */
export interface Surroundings {
  readonly tell: (step: string) => void;
  /** Dies there if that was ordered. */
  readonly passes: (point: KillPoint) => Promise<void>;
}

/**
 * The task: buy one lamp. It may be run from its beginning or after an interruption, and finds out on the page what is
 * already there; only what cannot be looked up, and must not happen twice, rests on the lease: the checkout.
 */
export async function buyLamp(
  page: Page,
  lease: Lease,
  { shopUrl, lookAroundMs }: Pick<WorkerOrders, 'shopUrl' | 'lookAroundMs'>,
  { tell, passes }: Surroundings,
): Promise<void> {
  const isDone = (step: string): boolean =>
    lease.resumeFrom?.stepsSince.some(({ name }) => name === step) === true;
  const press = async (name: string): Promise<void> => {
    await page.getByRole('button', { name }).click();
    await page.waitForLoadState();
  };

  await lease.step('open the shop', { kind: 'read', url: shopUrl }, () => page.goto(shopUrl));
  tell('open the shop');
  await passes('before-login');

  // Whether somebody is logged in tells the page, not our memory.
  if (await page.getByRole('button', { name: 'Log in' }).isVisible()) {
    await lease.step('log in', { kind: 'side-effect', repeatable: true, url: shopUrl }, () =>
      press('Log in'),
    );
    // It lives in a cookie of the profile: trusted only once the browser has had the time to save it.
    await lease.checkpoint('logged in', { stored: 'profile' });
    tell('log in');
    await wait(lookAroundMs);
  }
  await passes('after-login');

  if (!isDone('fill the cart')) {
    // The shop keeps a lamp in the cart once, however often it is put there.
    await lease.step('fill the cart', { kind: 'reversible', url: shopUrl }, async () => {
      await press('Add the lamp');
      await passes('in-cart');
    });
    tell('fill the cart');
  }

  await lease.step('go to the cart', { kind: 'read' }, () => page.goto(`${shopUrl}cart`));
  // Paying is neither looked up nor taken back nor repeated. Once done, the whole task is.
  await lease.step('check out', { kind: 'sensitive', final: true, url: `${shopUrl}cart` }, async () => {
    await press('Check out');
    await passes('in-checkout');
  });
  tell('check out');
}
