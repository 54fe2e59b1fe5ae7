import { LogReadError, type LogReadErrorCode } from './read-error.ts';
import { detailOf } from './signal.ts';

export type FetchErrorKind =
  | { readonly type: 'out-of-range'; readonly partition: number; readonly detail: string }
  | { readonly type: 'hopeless'; readonly code: LogReadErrorCode; readonly detail: string }
  | { readonly type: 'stale-metadata' }
  | { readonly type: 'connection' };

const STALE = new Set([
  'LEADER_NOT_AVAILABLE',
  'NOT_LEADER_FOR_PARTITION',
  'FENCED_LEADER_EPOCH',
  'UNKNOWN_LEADER_EPOCH',
  'UNKNOWN_TOPIC_OR_PARTITION',
  'REPLICA_NOT_AVAILABLE',
]);

/** What an error of a fetch means for the loop that made it. Whatever is not known may pass: try again, anew. */
export function fetchErrorKind(error: unknown): FetchErrorKind {
  if (error instanceof LogReadError) return { type: 'hopeless', code: error.code, detail: error.message };
  const { name, type, partition } = (error ?? {}) as { name?: string; type?: string; partition?: number };
  if (name === 'KafkaJSOffsetOutOfRange' && partition !== undefined)
    return { type: 'out-of-range', partition, detail: 'the log has no such offset (any more)' };
  if (name === 'KafkaJSNotImplemented')
    return { type: 'hopeless', code: 'batch-unreadable', detail: detailOf(error) };
  if (type !== undefined && STALE.has(type)) return { type: 'stale-metadata' };
  return { type: 'connection' };
}

export const isTopicUnknown = (error: unknown): boolean =>
  (error as { type?: string } | undefined)?.type === 'UNKNOWN_TOPIC_OR_PARTITION';
