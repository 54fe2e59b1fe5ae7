/** What happens while a partition is carried into the read model, as data. */
export type ProjectionSignal =
  | {
      readonly type: 'written';
      readonly partition: number;
      readonly nextOffset: number;
      readonly profileCount: number;
      readonly eventCount: number;
      readonly tookMs: number;
    }
  | { readonly type: 'write-failed'; readonly partition: number; readonly error: unknown };

export type OnProjectionSignal = (signal: ProjectionSignal) => void;
