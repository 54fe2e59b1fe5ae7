import { userInfo } from 'node:os';
import { LENGTH_MAX, textOf } from './input.ts';
import type { Io } from './io.ts';

/** Who is recorded as having acted: the option, else WARDEN_OPERATOR, else the login. */
export const personOf = (option: string | undefined, env: Io['env'], name: string): string => {
  const person = option ?? (env['WARDEN_OPERATOR'] === '' ? undefined : env['WARDEN_OPERATOR']) ?? login();
  return textOf(name, person, LENGTH_MAX.person);
};

const login = (): string => {
  try {
    return userInfo().username;
  } catch {
    // A container may run under a number that has no name.
    return `uid-${process.getuid?.() ?? 'unknown'}`;
  }
};
