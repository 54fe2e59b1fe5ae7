import type { BlockingSession, TargetChange } from '@profile-warden/postgres';
import type { ProjectionSignal } from '@profile-warden/projection';

/** What happens in the projector, as data: logs and metrics are made from it. */
export type ProjectorSignal =
  | ProjectionSignal
  /** The read model of a partition, outrun before, follows the fold again. */
  | {
      readonly type: 'read-again';
      readonly partition: number;
      readonly nextOffset: number;
      readonly tookMs: number;
    }
  | { readonly type: 'read-again-failed'; readonly partition: number; readonly error: unknown }
  /** The partition is no longer ours. */
  | { readonly type: 'read-model-left'; readonly partition: number }
  /** The read model could not be brought to its schema at the start; tried again. */
  | { readonly type: 'read-model-awaited'; readonly error: unknown }
  | { readonly type: 'target-up'; readonly target: string; readonly incarnation: string }
  | {
      readonly type: 'target-down';
      readonly target: string;
      readonly pendingCount: number;
      readonly error: unknown;
    }
  | {
      readonly type: 'target-changed';
      readonly target: string;
      readonly before: string;
      readonly incarnation: string;
    }
  | { readonly type: 'target-unknown'; readonly target: string; readonly profileId: string }
  /** A quarantine does not wait for a target that is served here: the authority was given another list. */
  | { readonly type: 'target-unawaited'; readonly target: string; readonly profileId: string }
  | ({ readonly type: 'target-listed' } & TargetChange)
  | { readonly type: 'target-state-unwritten'; readonly error: unknown }
  | {
      readonly type: 'fences-set';
      readonly target: string;
      readonly count: number;
      readonly pendingCount: number;
      readonly waitingCount: number;
    }
  | {
      readonly type: 'fence-blocked';
      readonly target: string;
      readonly profileId: string;
      readonly token: number;
      readonly sessions: readonly BlockingSession[];
    }
  /** The writers that were named for it have ended. */
  | { readonly type: 'fence-freed'; readonly target: string; readonly profileId: string }
  | {
      readonly type: 'fence-refused';
      readonly target: string;
      readonly profileId: string;
      readonly token: number;
      readonly error: unknown;
    };

export type OnProjectorSignal = (signal: ProjectorSignal) => void;
