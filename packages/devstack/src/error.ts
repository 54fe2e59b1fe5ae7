/**
 * What can go wrong while real parts are started. The codes are stable; the messages say what was wrong and
 * what to do, and may change.
 */
export type DevstackErrorCode =
  | 'java-missing'
  | 'java-too-old'
  | 'maven-missing'
  | 'docker-missing'
  | 'download-failed'
  | 'disk-full'
  | 'data-dir-in-use'
  | 'port-taken'
  | 'platform-unsupported'
  | 'part-died'
  | 'part-not-ready'
  | 'deploy-failed';

export class DevstackError extends Error {
  readonly code: DevstackErrorCode;

  constructor(code: DevstackErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'DevstackError';
    this.code = code;
  }
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Node, Java, Maven and PostgreSQL all end with one of these words when the disk is full. */
export function saysDiskFull(text: string): boolean {
  return /ENOSPC|No space left on device|Check free disk space/i.test(text);
}

export function diskFull(where: string, cause?: unknown): DevstackError {
  return new DevstackError(
    'disk-full',
    `The disk is full at ${where}. Free some space there (the parts need about 500 MB) and start again.`,
    { cause },
  );
}
