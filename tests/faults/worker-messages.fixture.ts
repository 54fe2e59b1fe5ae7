import type { FleetOrders } from './fleet-messages.fixture.ts';

/** What a process of holders is started with, and what it and its test tell each other. */
export interface HolderOrders extends Omit<FleetOrders, 'profileIds' | 'concurrency' | 'holdMs'> {
  readonly leaseCount: number;
  /** Ms between two acts under a lease. */
  readonly actEveryMs: number;
  /** CDP socket at which the heartbeats find the browser; null: by a callback of the process. */
  readonly browserUrl: string | null;
  /** File to which every act, pause and loss is written as it happens. */
  readonly journal: string;
}

export type HolderOrder =
  | { readonly do: 'shut-down' }
  /** The event loop comes round to nothing for so long. */
  | { readonly do: 'block'; readonly ms: number };

export type HolderWord = { readonly say: 'holding' } | { readonly say: 'shut-down' };

/** One line of the journal. `at` is epoch ms: all processes of a test share one clock. */
export interface JournalLine {
  readonly at: number;
  readonly profileId: string;
  readonly token: number;
  /** `act`: the browser was driven. `checkpoint`: one was recorded. */
  readonly did: 'act' | 'checkpoint' | 'pause' | 'resume' | 'lost' | 'failed';
  readonly detail: string;
}
