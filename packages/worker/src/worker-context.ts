import type { NewEvent, WardenEvent } from '@profile-warden/events';
import type { WorkerClock } from './ports.ts';
import type { WorkerLine } from './worker-line.ts';
import type { WorkerSettings } from './worker-options.ts';

/** What all parts of one worker share. */
export interface WorkerContext {
  readonly line: WorkerLine;
  readonly clock: WorkerClock;
  readonly settings: WorkerSettings;
  /** Random id of this run; the owner of a lease is a run, never a name. */
  readonly incarnation: string;
  /** Aborts when the worker begins to shut down. */
  readonly closing: AbortSignal;
  /** A counter, unique in this run: with the incarnation it makes every event id. */
  nextNumber(): number;
}

export const keyedEvent = (context: WorkerContext, profileId: string, event: WardenEvent): NewEvent => ({
  id: `${context.incarnation}:${context.nextNumber()}`,
  profileId,
  event,
});
