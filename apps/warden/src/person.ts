import { loginName } from '@profile-warden/postgres';
import { LENGTH_MAX, textOf } from './input.ts';
import type { Io } from './io.ts';

/** Who is recorded as having acted: the option, else WARDEN_OPERATOR, else the login. */
export const personOf = (option: string | undefined, env: Io['env'], name: string): string => {
  const person =
    option ?? (env['WARDEN_OPERATOR'] === '' ? undefined : env['WARDEN_OPERATOR']) ?? loginName();
  return textOf(name, person, LENGTH_MAX.person);
};
