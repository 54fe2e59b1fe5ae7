/** Of the server: connections, resources, an operator's intervention, a lock that somebody holds. */
const PASSING_STATE = /^(?:08|53|57)[0-9A-Z]{3}$|^55P03$/;
/** Of the network below it, in Node's words. */
const NETWORK_CODE = /^E[A-Z_]+$/;
/** Of the driver, which gives these no code. */
const DRIVER_MESSAGE = /^(?:Connection terminated|timeout expired|Query read timeout|timeout exceeded when)/;

/**
 * Whether an error tells of a database that is away, starting or busy: the same may go well later. Anything else stays
 * until somebody acts, such as a role, a right or a migration that is missing.
 */
export const isAway = (error: unknown): boolean => {
  if (!(error instanceof Error)) return false;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  return PASSING_STATE.test(code) || NETWORK_CODE.test(code) || DRIVER_MESSAGE.test(error.message);
};
