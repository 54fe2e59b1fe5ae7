import { userInfo } from 'node:os';

/** Name of the user that this process runs as; of a container it may be a number that has no name. */
export const loginName = (): string => {
  try {
    return userInfo().username;
  } catch {
    return `uid-${process.getuid?.() ?? 'unknown'}`;
  }
};
