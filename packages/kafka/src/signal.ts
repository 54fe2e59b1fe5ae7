/** What happens below the ports and is worth a log line or a counter. Names are API, details are not. */
export type KafkaSignal =
  | { readonly type: 'assigned'; readonly partition: number; readonly from: number }
  | { readonly type: 'revoked'; readonly partition: number }
  | { readonly type: 'group-joined'; readonly partitions: readonly number[] }
  | { readonly type: 'fetch-failed'; readonly detail: string }
  /** For longer than an election takes; nobody can read it or write to it. Told once. */
  | { readonly type: 'partition-leaderless'; readonly partition: number }
  | { readonly type: 'partition-led'; readonly partition: number }
  | { readonly type: 'schema-unresolved'; readonly schemaId: number; readonly detail: string }
  | { readonly type: 'schema-resolved'; readonly schemaId: number }
  | { readonly type: 'epoch-started'; readonly partition: number; readonly epoch: number }
  | { readonly type: 'takeover-retried'; readonly partition: number; readonly detail: string }
  | {
      readonly type: 'epoch-lost';
      readonly partition: number;
      readonly epoch: number;
      readonly reason: 'fenced' | 'unknown';
      readonly detail: string;
    }
  | { readonly type: 'producer-replaced'; readonly detail: string };

export type OnSignal = (signal: KafkaSignal) => void;

/** A listener that throws must not break the loop that told it. */
export function safeSignal(listener: OnSignal | undefined): OnSignal {
  return (signal) => {
    try {
      listener?.(signal);
    } catch {
      // Observers have no say in what happens to the log.
    }
  };
}

export const detailOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
