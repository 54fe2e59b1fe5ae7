export { FoldAndPay, DeadlineQueue, appendingOpener } from './runtime/index.ts';
export type {
  Duty,
  FoldAndPayOptions,
  OnRuntimeSignal,
  Opener,
  Opening,
  PartitionView,
  Payer,
  RuntimeSignal,
  Work,
} from './runtime/index.ts';
export { ConfigError, readConfig } from './shell/config.ts';
export type { ServiceConfig } from './shell/config.ts';
export { runService } from './shell/run-service.ts';
export type { ServiceBody, ServiceParts } from './shell/run-service.ts';
export { systemClock } from './shell/system-clock.ts';
