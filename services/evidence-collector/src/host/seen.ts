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
