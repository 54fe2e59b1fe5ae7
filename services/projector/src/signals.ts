import type { BlockingSession } from '@profile-warden/postgres';
import type { ProjectionSignal } from '@profile-warden/projection';

/** What happens in the projector, as data: logs and metrics are made from it. */
export type ProjectorSignal =
  | ProjectionSignal
  | { readonly type: 'target-up'; readonly target: string; readonly incarnation: string }
  | { readonly type: 'target-down'; readonly target: string; readonly error: unknown }
  | {
      readonly type: 'target-changed';
      readonly target: string;
      readonly before: string;
      readonly incarnation: string;
    }
  | { readonly type: 'target-unknown'; readonly target: string; readonly profileId: string }
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
  | {
      readonly type: 'fence-refused';
      readonly target: string;
      readonly profileId: string;
      readonly token: number;
      readonly error: unknown;
    };

export type OnProjectorSignal = (signal: ProjectorSignal) => void;
