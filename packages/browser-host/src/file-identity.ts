import type { BigIntStats } from 'node:fs';

/** `device:inode`: how a file is recognised whatever path leads to it. */
export const identityOf = (stats: BigIntStats): string => `${stats.dev}:${stats.ino}`;
