import { userInfo } from 'node:os';

/**
 * Under whom something is recorded where nobody is named: the user that this process runs as. In a container that may be
 * a number without a name.
 */
export const loginName = (): string => {
  try {
    return userInfo().username;
  } catch {
    return `uid-${process.getuid?.() ?? 'unknown'}`;
  }
};
