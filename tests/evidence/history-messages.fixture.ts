import type { AcquireOptions, ConnectOptions, StepOptions } from '@profile-warden/worker';

/** What a worker of a history is told at its start. */
export interface HistoryOrders {
  readonly connection: ConnectOptions;
  readonly wanted: AcquireOptions & { readonly profileDirectory: string };
  /** Address of the shop. */
  readonly shopUrl: string;
}

/** A step whose action opens a page of the shop in a tab of its own. */
export interface HistoryStep extends Omit<StepOptions, 'url'> {
  readonly name: string;
  readonly path: string;
  /** How long the action waits for the page. Default: as long as it takes. */
  readonly patienceMs?: number;
}

export type HistoryCommand =
  | { readonly do: 'open' }
  | { readonly do: 'step'; readonly step: HistoryStep }
  /** A script that swallowed all errors says that its task is completed. */
  | { readonly do: 'release'; readonly browserClosed: 'confirmed' | 'unconfirmed' };

export type HistoryWord =
  | { readonly word: 'leased'; readonly token: number }
  | { readonly word: 'opened'; readonly browserPid: number }
  /** The action was called. */
  | { readonly word: 'begun'; readonly step: string }
  | { readonly word: 'ok' | 'failed'; readonly step: string }
  | { readonly word: 'released'; readonly ended: string }
  | { readonly word: 'broken'; readonly message: string };
