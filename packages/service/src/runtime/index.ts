export { DeadlineQueue } from './deadline-queue.ts';
export type { Duty, Opener, Opening, PartitionView, Payer, Work } from './duty.ts';
export { FoldAndPay } from './fold-and-pay.ts';
export type { FoldAndPayOptions } from './fold-and-pay.ts';
export { appendingOpener } from './appending.ts';
export type { OnRuntimeSignal, RuntimeSignal } from './signals.ts';
