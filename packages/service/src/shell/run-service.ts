import {
  KafkaAppender,
  KafkaLogReader,
  SchemaRegistryClient,
  WriterSchemas,
  checkTopic,
  type KafkaConnection,
  type WriterOptions,
} from '@profile-warden/kafka';
import { randomUUID } from 'node:crypto';
import { pino, type Logger } from 'pino';
import { FoldAndPay } from '../runtime/fold-and-pay.ts';
import { appendingOpener } from '../runtime/appending.ts';
import type { Duty, Opener } from '../runtime/duty.ts';
import { ConfigError, readConfig, type ServiceConfig } from './config.ts';
import { healthServer } from './http.ts';
import { RuntimeMetrics } from './metrics.ts';
import { signalLog } from './signal-log.ts';
import { systemClock } from './system-clock.ts';

/** What the shell has built by the time a service says what it is. */
export interface ServiceParts {
  readonly config: ServiceConfig;
  readonly log: Logger;
  readonly metrics: RuntimeMetrics;
  readonly instanceId: string;
  readonly connection: KafkaConnection;
  readonly writer: WriterOptions;
  readonly appender: KafkaAppender;
  readonly clock: typeof systemClock;
}

export interface ServiceBody {
  readonly duty: Duty;
  /** Default: plain appends. */
  readonly opener?: Opener;
  readonly failureIsLoss?: boolean;
  /** Added to the consumer group's name: processes with different ones each see all partitions. */
  readonly group?: string;
  /** Runs beside the folding until the signal aborts, such as the tick of the detector. */
  readonly background?: (runtime: FoldAndPay, signal: AbortSignal) => Promise<void>;
  /** Called last, when nothing is folded any more. */
  readonly close?: () => Promise<void>;
}

const STOP_MS_MAX = 10_000;

/**
 * The process of a service: reads the configuration, checks the topic, builds the clients, folds and pays until it is
 * told to stop or cannot go on. Ends with code 0 after SIGTERM or SIGINT, 1 after a failure (a supervisor should
 * start it again), 2 where the configuration cannot be used (starting it again would not help).
 */
export const runService = async (
  name: string,
  build: (parts: ServiceParts) => Promise<ServiceBody> | ServiceBody,
): Promise<void> => {
  const config = configOrExit(name);
  const instanceId = `${name}-${randomUUID().slice(0, 8)}`;
  // A line waits for the one being written, never the fold for a line; what waits at the exit is written then.
  const log = pino(
    { name, level: config.logLevel, base: { instanceId } },
    pino.destination({ dest: 1, sync: false }),
  );
  try {
    await serve(name, config, log, instanceId, build);
    process.exit(0);
  } catch (error) {
    log.fatal({ err: error }, 'the service cannot go on');
    process.exit(1);
  }
};

const configOrExit = (name: string): ServiceConfig => {
  try {
    return readConfig(process.env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${name}: ${error.message}\n`);
    process.exit(2);
  }
};

const serve = async (
  name: string,
  config: ServiceConfig,
  log: Logger,
  instanceId: string,
  build: (parts: ServiceParts) => Promise<ServiceBody> | ServiceBody,
): Promise<void> => {
  const stopping = stopSignal(log);
  const metrics = new RuntimeMetrics(name);
  let runtime: FoldAndPay | null = null;
  const server = healthServer(
    {
      isReady: () => runtime?.isReady ?? false,
      details: () =>
        [...(runtime?.views() ?? [])].map(({ state, isLive }) => ({
          partition: state.partition,
          live: isLive,
          nextOffset: state.nextOffset,
          logMs: state.logMs,
          epoch: state.epoch,
        })),
    },
    metrics.registry,
  );
  await server.listen({ port: config.httpPort, host: config.httpHost });
  const address = server.server.address();
  log.info({ port: typeof address === 'object' ? address?.port : config.httpPort }, 'listening');

  const connection: KafkaConnection = {
    brokers: config.brokers,
    clientId: instanceId,
    log: (level, message, fields) => log[level](fields, message),
  };
  await checkTopic(connection, { topic: config.topic, partitionCount: config.partitionCount });
  const registry = new SchemaRegistryClient({ url: config.registryUrl, clientId: instanceId });
  const writer: WriterOptions = {
    topic: config.topic,
    partitionCount: config.partitionCount,
    schemaIds: await registry.schemaIds(),
    source: instanceId,
  };
  const appender = new KafkaAppender({ ...writer, connection });
  const body = await build({
    config,
    log,
    metrics,
    instanceId,
    connection,
    writer,
    appender,
    clock: systemClock,
  });
  const reader = new KafkaLogReader({
    connection,
    topic: config.topic,
    partitionCount: config.partitionCount,
    schemas: new WriterSchemas(writer.schemaIds, registry),
    assignment: {
      groupId: [config.cluster, name, config.topic, ...(body.group === undefined ? [] : [body.group])].join(
        '.',
      ),
    },
    sessionMs: config.sessionMs,
  });
  const lines = signalLog(log);
  runtime = new FoldAndPay({
    duty: body.duty,
    policy: config.policy,
    reader,
    opener: body.opener ?? appendingOpener(appender),
    failureIsLoss: body.failureIsLoss ?? false,
    clock: systemClock,
    random: Math.random,
    onSignal: (signal) => {
      metrics.take(signal);
      lines(signal);
    },
  });
  await runtime.start();
  const background = body.background?.(runtime, stopping);
  try {
    await Promise.race([
      aborted(stopping),
      reader.failed,
      runtime.failed,
      ...(background ? [background] : []),
    ]);
  } finally {
    await Promise.race([
      (async () => {
        await runtime.stop();
        await appender.close();
        await body.close?.();
        await server.close();
        registry.close();
      })(),
      systemClock.sleep(STOP_MS_MAX),
    ]);
  }
  log.info('stopped');
};

/** Aborts at the first SIGTERM or SIGINT. */
const stopSignal = (log: Logger): AbortSignal => {
  const controller = new AbortController();
  for (const name of ['SIGTERM', 'SIGINT'] as const)
    process.on(name, () => {
      log.info({ signal: name }, 'stopping');
      controller.abort();
    });
  return controller.signal;
};

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
