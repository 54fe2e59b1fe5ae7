import type { EventPayloads } from './generated/types.ts';
import { SCHEMAS } from './generated/schemas.ts';
import type { AvroSchema } from './schema.ts';

export type EventType = keyof EventPayloads;

export type EventOf<K extends EventType> = { readonly type: K } & Readonly<EventPayloads[K]>;

export type WardenEvent = { [K in EventType]: EventOf<K> }[EventType];

export const EVENT_TYPES = Object.keys(SCHEMAS) as readonly EventType[];

/** What only a lease-authority may decide. Losing one could issue a token twice, so none is ever skipped. */
export const AUTHORITY_EVENTS = [
  'AuthorityEpochStarted',
  'LeaseGranted',
  'LeaseDenied',
  'LeaseReleased',
  'SuspicionCleared',
  'StopRequested',
  'Quarantined',
  'StaleTokenRejected',
  'ResumeExpired',
] as const satisfies readonly EventType[];

/** About a whole partition: null key, explicit partition. */
export const KEYLESS_EVENTS = [
  'WorkerStarted',
  'HostReported',
  'AuthorityEpochStarted',
  'ClockTicked',
  'MassSilence',
] as const satisfies readonly EventType[];

/** What a worker, or for `WriteRefused` an account service, says under a token. */
export const REPORT_EVENTS = [
  'Heartbeat',
  'StepStarted',
  'StepCompleted',
  'SilenceAnnounced',
  'ReleaseRequested',
  'WriteRefused',
] as const satisfies readonly EventType[];

export type AuthorityEventType = (typeof AUTHORITY_EVENTS)[number];
export type KeylessEventType = (typeof KEYLESS_EVENTS)[number];
export type ReportEventType = (typeof REPORT_EVENTS)[number];

const known: ReadonlySet<string> = new Set(EVENT_TYPES);
const authority: ReadonlySet<string> = new Set(AUTHORITY_EVENTS);
const keyless: ReadonlySet<string> = new Set(KEYLESS_EVENTS);
const reports: ReadonlySet<string> = new Set(REPORT_EVENTS);

export const isEventType = (value: unknown): value is EventType =>
  typeof value === 'string' && known.has(value);
export const isAuthorityEvent = (type: string): type is AuthorityEventType => authority.has(type);
export const isKeylessEvent = (type: string): type is KeylessEventType => keyless.has(type);
export const isReportEvent = (type: string): type is ReportEventType => reports.has(type);

export const schemaOf = (type: EventType): AvroSchema => SCHEMAS[type];

/** Subject in the registry: one per record, whatever topic carries it. */
export const subjectOf = (type: EventType): string => `profilewarden.${type}`;
