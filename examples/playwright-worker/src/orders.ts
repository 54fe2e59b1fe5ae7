import type { ConnectOptions } from '@profile-warden/worker';

/** Where a worker can be made to die. */
export const KILL_POINTS = ['before-login', 'after-login', 'in-cart', 'in-checkout'] as const;
export type KillPoint = (typeof KILL_POINTS)[number];

/** What a worker process is told at its start. */
export interface WorkerOrders {
  /** Where the product is, and what it is told by its policy. */
  readonly connection: ConnectOptions;
  readonly profileId: string;
  readonly profileDirectory: string;
  /** Program of the browser, and its version: a profile is never opened with an older one. */
  readonly browser: { readonly program: string; readonly version: string };
  /** The shop, as this customer sees it. */
  readonly shopUrl: string;
  /** Null: it lives. */
  readonly killAt: KillPoint | null;
  /** Time after the login in which it only looks around, ms: Chromium takes up to 30 s to save a cookie. */
  readonly lookAroundMs: number;
}

/** What it tells, one word each. */
export type WorkerWord =
  | { readonly word: 'granted'; readonly token: number; readonly resumedFrom: string | null }
  | { readonly word: 'step'; readonly name: string }
  | { readonly word: 'dies'; readonly at: KillPoint }
  | { readonly word: 'waits'; readonly reason: string; readonly forMs: number }
  | { readonly word: 'refused'; readonly reason: string; readonly nextAction: string }
  | { readonly word: 'done'; readonly released: string };
