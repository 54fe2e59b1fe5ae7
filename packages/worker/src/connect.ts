import { randomBytes } from 'node:crypto';
import { InvalidInputError } from './errors.ts';
import { readHostIdentity } from './host-identity.ts';
import { checkText, checkWhole } from './input-check.ts';
import { KafkaWorkerLog } from './kafka-log.ts';
import type { LogOptions } from './kafka-log.ts';
import { safeNotice } from './notice.ts';
import { systemClock } from './system-clock.ts';
import { Worker } from './worker.ts';
import { checkWorkerOptions } from './worker-options.ts';
import type { WorkerOptions } from './worker-options.ts';

export interface ConnectOptions extends WorkerOptions, LogOptions {}

/** 96 bits: no two runs of all fleets share one, and it is short in every record. */
const ID_BYTES = 12;

/**
 * Starts a worker on Kafka. Resolves once its `WorkerStarted` is in every partition. Rejects on bad input, on a topic
 * that differs from the configuration, and where broker or registry do not answer.
 */
export async function connectWorker(options: ConnectOptions): Promise<Worker> {
  const { workerId } = checkWorkerOptions(options);
  if (!Array.isArray(options.brokers) || options.brokers.length === 0)
    throw new InvalidInputError('brokers', options.brokers, 'a list of at least one host:port');
  checkText('registryUrl', options.registryUrl, 2048);
  if (options.partitionCount !== undefined)
    checkWhole('partitionCount', options.partitionCount, 1, 1_000, 'partitions');
  const notice = safeNotice(options.onNotice);
  const log = await KafkaWorkerLog.connect(options, `worker-${workerId}`, `worker/${workerId}`, notice);
  try {
    const host = readHostIdentity(options.hostId);
    const randomId = (): string => randomBytes(ID_BYTES).toString('base64url');
    return await Worker.start({ log, clock: systemClock, host, randomId }, options);
  } catch (error) {
    await log.close().catch(() => undefined);
    throw error;
  }
}
