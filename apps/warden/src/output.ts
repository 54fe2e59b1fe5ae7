import { printable } from './format/printable.ts';
import type { Io } from './io.ts';

/** The answer of a command: one JSON object, or lines for a person. */
export const answer = (
  io: Io,
  flags: { readonly json?: boolean },
  value: unknown,
  lines: () => readonly string[],
): void => {
  if (flags.json === true) io.out(JSON.stringify(value));
  else for (const line of lines()) io.out(printable(line));
};
