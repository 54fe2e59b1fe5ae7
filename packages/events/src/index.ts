export {
  AUTHORITY_EVENTS,
  EVENT_TYPES,
  KEYLESS_EVENTS,
  REPORT_EVENTS,
  isAuthorityEvent,
  isEventType,
  isKeylessEvent,
  isReportEvent,
  schemaOf,
  subjectOf,
} from './catalogue.ts';
export type {
  AuthorityEventType,
  EventOf,
  EventType,
  KeylessEventType,
  ReportEventType,
  WardenEvent,
} from './catalogue.ts';
export { EventDecoder } from './decoder.ts';
export type { DecodeResult, DecoderOptions, HeaderValue, RawHeaders, RawRecord } from './decoder.ts';
export { encodeEvent } from './encoder.ts';
export type { EncodedRecord, EventWriter } from './encoder.ts';
export { CodecError } from './error.ts';
export type { CodecErrorCode } from './error.ts';
export type {
  Answer,
  BrowserClosed,
  BrowserKind,
  BrowserState,
  Cause,
  Checkpoint,
  CheckpointStore,
  DecisionOutcome,
  DenialReason,
  DoneStep,
  EventPayloads,
  Finding,
  Findings,
  Holder,
  HostStatus,
  Intent,
  Lifecycle,
  ReleaseOutcome,
  ResumePoint,
  ReviewOutcome,
  Screenshot,
  StepKind,
  StepOutcome,
  StepVerdict,
  StopReason,
  Verdict,
} from './generated/types.ts';
export type { Appender, Clock, Epoch, EpochWriter, LogListener, LogRange, LogReader } from './log.ts';
export { MAX_PROFILE_ID_LENGTH, assertProfileId } from './profile-id.ts';
export type { ForeignRecord, LogRecord, NewEvent, RecordBody, UndecodableEvent } from './record.ts';
export type { AvroArray, AvroEnum, AvroField, AvroSchema, AvroType } from './schema.ts';
export { MAX_TOKEN, isToken, positiveToken } from './token.ts';
