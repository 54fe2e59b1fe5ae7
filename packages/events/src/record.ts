import type { EventType, WardenEvent } from './catalogue.ts';

/** A record whose own schema could not decode it, although its `ce_type` is known and no authority event. */
export interface UndecodableEvent {
  readonly type: 'undecodable';
  readonly claimedType: EventType;
  readonly detail: string;
}

/** A record that its bytes alone show to be none of ours: no magic byte, unknown `ce_type`, bad key. */
export interface ForeignRecord {
  readonly type: 'foreign';
  readonly detail: string;
}

export type RecordBody = WardenEvent | UndecodableEvent | ForeignRecord;

/** One record at its place in the log. */
export interface LogRecord {
  readonly partition: number;
  /** Safe integer; offsets have gaps where transaction markers stand. */
  readonly offset: number;
  /** Append time by the broker, epoch ms. Only `ClockTicked` lets it move log time. */
  readonly brokerMs: number;
  /** The record key; null for records about a whole partition. */
  readonly profileId: string | null;
  /** `ce_id`; empty on a foreign record. */
  readonly id: string;
  readonly event: RecordBody;
}

/** An event that is to be appended. */
export interface NewEvent {
  /** `ce_id`: deterministic wherever a crash could append the event twice. */
  readonly id: string;
  readonly profileId: string | null;
  /** Required where `profileId` is null; else the key decides, and a different value is an error. */
  readonly partition?: number;
  readonly event: WardenEvent;
}
