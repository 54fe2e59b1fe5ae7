import type { BrowserKind } from './browser.ts';

export type Plan =
  'crash-after-checkpoint' | 'resume' | 'crash-in-sensitive-step' | 'paused' | 'open-step-release' | 'ask';

/** What a worker process of the demo is told at its start. */
export interface WorkerOrders {
  readonly plan: Plan;
  readonly workerId: string;
  readonly profileId: string;
  readonly taskId: string;
  readonly directory: string;
  readonly browser: BrowserKind;
  readonly shopUrl: string;
  readonly brokers: readonly string[];
  readonly registryUrl: string;
  readonly topic: string;
  readonly partitionCount: number;
  readonly databaseUrl: string;
  readonly hostId: string;
  readonly heartbeatEveryMs: number;
  readonly marginMs: number;
}

/** What it says. */
export type WorkerWord =
  | {
      readonly word: 'holding';
      readonly token: number;
      readonly browserPid: number;
      readonly resumedFrom: string | null;
    }
  | { readonly word: 'ready' }
  | { readonly word: 'denied'; readonly denial: Readonly<Record<string, unknown>> }
  | { readonly word: 'aborted'; readonly code: string; readonly write: string }
  | { readonly word: 'released'; readonly ended: string }
  | { readonly word: 'failed'; readonly message: string };

export const PROXY = 'proxy-eu-1';
