/** Why an event cannot be put into the log. Codes are API, messages are not. */
export type CodecErrorCode =
  | 'unknown-type'
  | 'schema-mismatch'
  | 'undeclared-field'
  | 'string-too-long'
  | 'list-too-long'
  | 'number-out-of-range'
  | 'token-out-of-range'
  | 'profile-id-empty'
  | 'profile-id-too-long'
  | 'profile-id-not-utf8'
  | 'key-missing'
  | 'key-forbidden'
  | 'partition-missing'
  | 'schema-id-missing';

/** The caller handed over an event that breaks its schema or a bound; sending it again cannot help. */
export class CodecError extends Error {
  readonly code: CodecErrorCode;

  constructor(code: CodecErrorCode, message: string) {
    super(message);
    this.name = 'CodecError';
    this.code = code;
  }
}
