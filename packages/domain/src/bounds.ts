/** Constants of this fold version. Changing one changes what the log means: raise `FOLD_VERSION` with it. */
export const FOLD_VERSION = 1;

export const MAX_OPEN_STEPS = 16;
export const MAX_DONE_STEPS = 64;
export const MAX_CHECKPOINTS = 8;
export const MAX_FORMER = 16;
/** How long an answered request id is remembered, in ms of log time, and how many per profile. */
export const DEDUP_MS = 3_600_000;
export const MAX_ANSWERED = 512;
/** A tick moves log time by at most this many of its own intervals. */
export const MAX_INTERVALS_PER_TICK = 2;
