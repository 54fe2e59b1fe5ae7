/** An answer before it has a time. */
export interface Seen {
  readonly value: 'yes' | 'no' | 'unknown';
  readonly how: string;
}

export const yes = (how: string): Seen => ({ value: 'yes', how });
export const no = (how: string): Seen => ({ value: 'no', how });
export const unknown = (how: string): Seen => ({ value: 'unknown', how });

/** One answer for several parts of one thing: a broken part breaks it, an unread part leaves it open. */
export function together(parts: readonly Seen[], whenAllYes: string): Seen {
  const worst = parts.find((part) => part.value === 'no') ?? parts.find((part) => part.value === 'unknown');
  return worst ?? yes(whenAllYes);
}

/** The error code only: messages of parsers and databases quote what they read, and that may be a secret. */
export function codeOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : 'failed';
}

/** A name that a process, link or file chose for itself: printable and short before it enters the log. */
export function printable(text: string, maxLength: number): string {
  return text.replace(/[^\x20-\x7e\u00a0-\ud7ff\ue000-\uffff]/gu, '?').slice(0, maxLength);
}
