/** The requests of the Kafka protocol that a rule may name, by their number on the wire. */
export const API_KEYS = {
  Produce: 0,
  Fetch: 1,
  ListOffsets: 2,
  Metadata: 3,
  OffsetCommit: 8,
  OffsetFetch: 9,
  FindCoordinator: 10,
  JoinGroup: 11,
  Heartbeat: 12,
  LeaveGroup: 13,
  SyncGroup: 14,
  ApiVersions: 18,
  InitProducerId: 22,
  AddPartitionsToTxn: 24,
  EndTxn: 26,
} as const;

export type ApiName = keyof typeof API_KEYS;

const NAMES: ReadonlyMap<number, ApiName> = new Map(
  Object.entries(API_KEYS).map(([name, key]) => [key, name as ApiName]),
);

/** Null for a request that no rule can name; it passes. */
export const apiNameOf = (key: number): ApiName | null => NAMES.get(key) ?? null;
