import type { Stack } from '@profile-warden/devstack';
import { timeRestore } from './failover/restore-time.ts';

/** Records a second that a fresh stale-detector folds, from its first assignment to its last partition restored. */
export const measureDetector = async (stack: Stack, topic: string, label: string): Promise<number> => {
  const { ms, offsets } = await timeRestore(stack, topic, label);
  return (offsets * 1000) / ms;
};
