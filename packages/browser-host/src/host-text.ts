/** The error code only: messages of parsers and databases quote what they read, and that may be a secret. */
export function codeOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : 'failed';
}

/** A name that a process, link or file chose for itself: printable and short before it enters the log. */
export function printable(text: string, maxLength: number): string {
  return text.replace(/[^\x20-\x7e\u00a0-\ud7ff\ue000-\uffff]/gu, '?').slice(0, maxLength);
}
