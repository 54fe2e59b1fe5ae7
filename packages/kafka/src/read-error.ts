/** Why a reader cannot go on. Codes are API, messages are not. */
export type LogReadErrorCode =
  /** An authority event that cannot be read: a token could be issued twice. */
  | 'authority-event-undecodable'
  /** The position lies outside of the log: cut off at its start by retention, or the log was replaced. */
  | 'offset-out-of-range'
  /** The listener wants to begin at an offset that the log no longer has. */
  | 'log-start-beyond-position'
  | 'topic-missing'
  | 'topic-partition-count'
  /** Bytes that the library cannot unpack, such as a foreign compression. */
  | 'batch-unreadable'
  | 'membership-lost'
  | 'membership-stalled'
  | 'listener-failed'
  | 'listener-stalled'
  /** A bounded scan made no progress within its bound. */
  | 'scan-stalled'
  | 'stopped';

export class LogReadError extends Error {
  readonly code: LogReadErrorCode;

  constructor(code: LogReadErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'LogReadError';
    this.code = code;
  }
}
