import type { Case, Folded, PartitionState, ProfileState } from '@profile-warden/domain';
import type { LogRange, LogRecord, NewEvent, WardenEvent } from '@profile-warden/events';

/** A partition as a duty sees it: folded state, never to be changed by it. */
export interface PartitionView {
  readonly state: PartitionState;
  caseOf(profile: ProfileState): Case;
}

/** Something owed: an event to append, or work that ends in one. `scope` is a profile, or null for the partition. */
export type Work =
  | { readonly scope: string | null; readonly event: WardenEvent }
  | {
      readonly scope: string;
      /** The same work is never under way twice. */
      readonly key: string;
      /** Rejects to be tried again; resolves with null where there is nothing to append. */
      readonly run: (signal: AbortSignal) => Promise<WardenEvent | null>;
    };

/** What makes a service this service: what it owes for a folded state. Looks at state alone, so a crash loses nothing. */
export interface Duty {
  /** All that is owed for these profiles now. Called only when the partition is live. */
  gather(view: PartitionView, profiles: readonly ProfileState[]): readonly Work[];
  /** Most works with a `run` that are under way at once in one partition; the others wait in line. Default 16. */
  readonly runsAtOnceMax?: number;
  /** Log time at which a profile may next owe something though no record speaks of it; null: never. */
  deadline(one: Case): number | null;
  /** Sees each record that is folded live, right after it was. May return notices to append. */
  observe?(view: PartitionView, record: LogRecord, folded: Folded): readonly Work[];
  /** The batch behind this was folded, in a restore too. Folding waits for it. */
  folded?(view: PartitionView, records: readonly LogRecord[], isLive: boolean): Promise<void>;
  /** The partition is gone. */
  closed?(partition: number): void;
}

/** How a partition's debts are paid: by plain appends, or under an epoch. */
export interface Payer {
  /** Resolves with the offsets. A rejection means unknown: state will tell what is still owed. */
  pay(events: readonly NewEvent[]): Promise<readonly number[]>;
  /** Most events in one payment. */
  readonly eventsMax: number;
  close(): Promise<void>;
}

/** What a partition starts with. */
export interface Opening {
  readonly state: PartitionState;
  readonly payer: Payer;
  /** What the folded state says: still restoring, live, or no longer the rightful one. */
  standing(state: PartitionState): 'restoring' | 'live' | 'lost';
}

/** Opens a partition that was assigned, and again after its payer was lost (`state` is what has been folded by then). */
export type Opener = (
  partition: number,
  range: LogRange,
  state: PartitionState,
  signal: AbortSignal,
) => Promise<Opening>;
