export { barrier, heartbeat, idsOf, never, tick } from './events.ts';
export { logContract } from './log-contract.ts';
export { SESSION_MS } from './log-under-test.ts';
export type { LogUnderTest, OpenLog, OpenTransaction, Planted } from './log-under-test.ts';
