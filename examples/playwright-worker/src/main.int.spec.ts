import { describeWith } from '@profile-warden/testkit/parts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { CHROMIUM, ExampleWorld } from './example-world.fixture.ts';
import type { KillPoint } from './orders.ts';

const BOUND_MS = 240_000;

interface Story {
  readonly killAt: KillPoint;
  readonly decided: { readonly outcome: string; readonly rule: string };
  readonly resumedFrom: string | null;
  readonly logins: number;
  /** Whether the browser of the second worker shows the session on its very first page. */
  readonly isStillLoggedIn: boolean;
}

const STORIES: readonly Story[] = [
  {
    killAt: 'before-login',
    decided: { outcome: 'retry', rule: 'restartable' },
    resumedFrom: null,
    logins: 1,
    isStillLoggedIn: false,
  },
  {
    killAt: 'after-login',
    decided: { outcome: 'resume-pending', rule: 'safe-checkpoint' },
    resumedFrom: 'logged in',
    logins: 1,
    isStillLoggedIn: true,
  },
  {
    killAt: 'in-cart',
    decided: { outcome: 'resume-pending', rule: 'safe-checkpoint' },
    resumedFrom: 'logged in',
    logins: 1,
    isStillLoggedIn: true,
  },
];

describeWith(CHROMIUM, 'a worker that buys a lamp with a real browser', () => {
  let world: ExampleWorld;
  beforeAll(async () => {
    world = await ExampleWorld.open();
  }, BOUND_MS);
  afterAll(() => world[Symbol.asyncDispose]());

  it.concurrent.each(STORIES)(
    'killed $killAt: $decided.outcome, and the next one buys it, once',
    async ({ killAt, decided, resumedFrom, logins, isStillLoggedIn }) => {
      const first = await world.run(killAt, 'first', killAt);
      expect(first.at(-1)).toEqual({ word: 'dies', at: killAt });
      const visits = (await world.ledger(killAt)).visits.length;
      const second = await world.run(killAt, 'second', null);
      expect(world.said(killAt, 'Decided')).toMatchObject([decided]);
      expect(second).toContainEqual({ word: 'granted', token: 2, resumedFrom });
      expect(second.at(-1)).toEqual({ word: 'done', released: 'released' });
      const ledger = await world.ledger(killAt);
      expect(ledger.visits[visits]).toEqual({ path: 'GET /', isLoggedIn: isStillLoggedIn });
      expect(ledger).toMatchObject({ logins, orders: [['lamp']] });
    },
    BOUND_MS,
  );

  it.concurrent(
    'killed in-checkout: a person must decide, nobody else may enter, and it was bought once',
    async () => {
      await world.run('in-checkout', 'first', 'in-checkout');
      const second = await world.run('in-checkout', 'second', null);
      expect(world.said('in-checkout', 'Decided')).toMatchObject([
        { outcome: 'manual-review', rule: 'sensitive-open' },
      ]);
      expect(second.at(-1)).toMatchObject({ word: 'refused', reason: 'in-review' });
      expect(await world.ledger('in-checkout')).toMatchObject({ logins: 1, orders: [['lamp']] });
    },
    BOUND_MS,
  );
});
