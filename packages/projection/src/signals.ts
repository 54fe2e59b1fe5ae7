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
  | { readonly type: 'write-failed'; readonly partition: number; readonly error: unknown }
  /** Nothing more is kept for a read model that stays at this offset; it will be read from the log again. */
  | { readonly type: 'outrun'; readonly partition: number; readonly nextOffset: number };

export type OnProjectionSignal = (signal: ProjectionSignal) => void;
