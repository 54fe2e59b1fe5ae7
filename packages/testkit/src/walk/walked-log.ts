import type { LogRecord } from '@profile-warden/events';
import { Walk } from './walk.ts';

/** A log as a random walk of the whole protocol leaves it: every service, late and twice, and workers that lie. */
export const walkedLog = (seed: number, stepCount: number): readonly LogRecord[] => {
  const walk = new Walk(seed);
  for (let index = 0; index < stepCount; index += 1) walk.step(index);
  return walk.world.records;
};
