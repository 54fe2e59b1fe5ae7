export { Random } from './random.ts';
export { checkDeadlines } from './duties.ts';
export { shrink, violationOf } from './shrink.ts';
export { Violation } from './ledger.ts';
export { walk } from './walk.ts';
export { walkedLog } from './walked-log.ts';
export { WALK_POLICY } from './walk-policy.ts';
