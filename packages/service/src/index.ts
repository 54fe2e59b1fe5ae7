export {
  FoldAndPay,
  DeadlineQueue,
  FoldVersionError,
  LogLossError,
  appendingOpener,
} from './runtime/index.ts';
export type {
  Duty,
  FoldAndPayOptions,
  LogLossCode,
  OnRuntimeSignal,
  Opener,
  Opening,
  PartitionProgress,
  PartitionView,
  Payer,
  RuntimeSignal,
  RuntimeSignals,
  SignalHandlers,
  Work,
} from './runtime/index.ts';
export { SnapshotDamagedError, restoring } from './restore/index.ts';
export type { LogProbe, RestoreOptions, SnapshotSource, StoredSnapshot } from './restore/index.ts';
export { ConfigError, readConfig } from './shell/config.ts';
export type { ServiceConfig } from './shell/config.ts';
export { runService } from './shell/run-service.ts';
export type { ServiceBody, ServiceParts } from './shell/run-service.ts';
export { systemClock } from './shell/system-clock.ts';
