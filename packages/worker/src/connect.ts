import { randomBytes } from 'node:crypto';
import { readHostIdentity } from './host-identity.ts';
import { checkLogOptions, onceDeployed } from './log-options.ts';
import type { LogOptions } from './log-options.ts';
import { startThreadLine } from './start-line.ts';
import { systemClock } from './system-clock.ts';
import { Worker } from './worker.ts';
import { checkWorkerOptions } from './worker-options.ts';
import type { WorkerOptions } from './worker-options.ts';

export interface ConnectOptions extends WorkerOptions, LogOptions {}

/** 96 bits: no two runs of all fleets share one, and it is short in every record. */
const ID_BYTES = 12;

/**
 * Starts a worker on Kafka. Resolves once its `WorkerStarted` is in every partition. Parts that are not there yet are
 * waited for, up to `startTimeoutMs`; then it rejects with `log-unavailable`. Rejects at once on bad input and on a topic
 * that differs from the configuration.
 */
export async function connectWorker(options: ConnectOptions): Promise<Worker> {
  const settings = checkWorkerOptions(options);
  const log = checkLogOptions(options, `worker-${settings.workerId}`);
  const host = readHostIdentity(options.hostId);
  const incarnation = randomBytes(ID_BYTES).toString('base64url');
  const schemaIds = await onceDeployed(log, settings.notice);
  const { onSignal } = options;
  const { line, awake } = await startThreadLine({ log, schemaIds, settings, incarnation, onSignal });
  try {
    return await Worker.run({ line, clock: systemClock, host, incarnation, awake }, options);
  } catch (error) {
    await line.close().catch(() => undefined);
    throw error;
  }
}
