export { DeadlineQueue } from './deadline-queue.ts';
export type { Duty, Opener, Opening, PartitionView, Payer, Work } from './duty.ts';
export { FoldVersionError, LogLossError } from './error.ts';
export type { LogLossCode } from './error.ts';
export { FoldAndPay } from './fold-and-pay.ts';
export type { FoldAndPayOptions, PartitionProgress } from './fold-and-pay.ts';
export { appendingOpener } from './appending.ts';
export type { OnRuntimeSignal, RuntimeSignal, RuntimeSignals, SignalHandlers } from './signals.ts';
