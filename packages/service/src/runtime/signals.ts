/** What happens in a service, as data: logs and metrics are made from it. Bounded label values only. */
export type RuntimeSignal =
  | { readonly type: 'assigned'; readonly partition: number; readonly end: number }
  | { readonly type: 'revoked'; readonly partition: number }
  | {
      readonly type: 'live';
      readonly partition: number;
      readonly nextOffset: number;
      readonly restoreMs: number;
    }
  | {
      readonly type: 'folded';
      readonly partition: number;
      readonly count: number;
      readonly logMs: number;
      readonly nextOffset: number;
    }
  | {
      readonly type: 'ignored';
      readonly partition: number;
      readonly offset: number;
      readonly eventType: string;
      readonly reason: string;
    }
  | {
      readonly type: 'authority-event-ignored';
      readonly partition: number;
      readonly offset: number;
      readonly eventType: string;
      readonly reason: string;
    }
  | {
      readonly type: 'paid';
      readonly partition: number;
      readonly profileId: string | null;
      readonly eventType: string;
      readonly token: number | null;
      readonly offset: number;
    }
  | {
      readonly type: 'payment-failed';
      readonly partition: number;
      readonly count: number;
      readonly error: unknown;
    }
  | {
      readonly type: 'work-failed';
      readonly partition: number;
      readonly profileId: string;
      readonly error: unknown;
    }
  | {
      readonly type: 'obligation-unpayable';
      readonly partition: number;
      readonly profileId: string | null;
      readonly eventType: string;
      readonly error: unknown;
    }
  | { readonly type: 'lost'; readonly partition: number; readonly error: unknown };

export type OnRuntimeSignal = (signal: RuntimeSignal) => void;
