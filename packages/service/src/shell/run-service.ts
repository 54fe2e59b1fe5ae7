import type { LogRecord } from '@profile-warden/events';
import {
  KafkaAppender,
  KafkaLogReader,
  KafkaRecordProbe,
  KeptSchemas,
  SchemaRegistryClient,
  WriterSchemas,
  checkTopic,
  hasGroupMember,
  onceThere,
  readPartition,
  registryAddress,
  type KafkaConnection,
  type WriterOptions,
} from '@profile-warden/kafka';
import { randomUUID } from 'node:crypto';
import { pino, type Logger } from 'pino';
import { restoring } from '../restore/index.ts';
import { FoldAndPay } from '../runtime/fold-and-pay.ts';
import { appendingOpener } from '../runtime/appending.ts';
import type { Duty, Opener } from '../runtime/duty.ts';
import { SignalHub } from '../runtime/signals.ts';
import { ConfigError, readConfig, type ServiceConfig } from './config.ts';
import { ServiceHealth } from './health.ts';
import { healthServer } from './http.ts';
import { fromKafka } from './kafka-signals.ts';
import { RuntimeMetrics } from './metrics.ts';
import { signalLog } from './signal-log.ts';
import { storedSnapshots } from './stored-snapshots.ts';
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
  /** Opens as the given opener does, and starts from the snapshot of the read model where that can be used. */
  readonly restored: (opener: Opener) => Opener;
  /** Whether a process of this service reads in a group whose added name begins so. Rejects where no broker answers. */
  readonly isServed: (group: string) => Promise<boolean>;
  /** Offset that the next record of a partition would get. Asks the brokers until the signal aborts. */
  readonly logEnd: (partition: number, signal: AbortSignal) => Promise<number>;
  /** The committed records from one offset up to and without another. Rejects after 30 s without progress. */
  readonly readLog: (
    partition: number,
    from: number,
    to: number,
    signal: AbortSignal,
  ) => Promise<readonly LogRecord[]>;
}

export interface ServiceBody {
  readonly duty: Duty;
  /** Default: plain appends, restored. */
  readonly opener?: Opener;
  readonly failureIsLoss?: boolean;
  /** Added to the consumer group's name: processes with different ones each see all partitions. */
  readonly group?: string;
  /** What beside its partitions a service needs before /readyz says yes. Default: nothing. */
  readonly isReady?: () => boolean;
  /** Runs beside the folding until the signal aborts, such as the tick of the detector. */
  readonly background?: (runtime: FoldAndPay, signal: AbortSignal) => Promise<void>;
  /** Called last, when nothing is folded any more. */
  readonly close?: () => Promise<void>;
}

type Build = (parts: ServiceParts) => Promise<ServiceBody> | ServiceBody;

interface Process {
  readonly name: string;
  readonly config: ServiceConfig;
  readonly log: Logger;
  readonly instanceId: string;
}

const STOP_MS_MAX = 10_000;
/** A member that still joins its group has nothing to hand over, and the library would wait for the group's answer. */
const STOP_UNJOINED_MS_MAX = 1_000;

/**
 * The process of a service: reads the configuration, checks the topic, builds the clients, folds and pays until it is
 * told to stop or cannot go on. Ends with code 0 after SIGTERM or SIGINT, 1 after a failure (a supervisor should
 * start it again), 2 where the configuration cannot be used (starting it again would not help).
 */
export const runService = async (name: string, build: Build): Promise<void> => {
  const config = configOrExit(name);
  const instanceId = `${name}-${randomUUID().slice(0, 8)}`;
  // A line waits for the one being written, never the fold for a line; what waits at the exit is written then.
  const log = pino(
    { name, level: config.logLevel, base: { instanceId } },
    pino.destination({ dest: 1, sync: false }),
  );
  try {
    await serve({ name, config, log, instanceId }, build);
    process.exit(0);
  } catch (error) {
    log.fatal({ err: error }, 'the service cannot go on');
    process.exit(error instanceof ConfigError ? 2 : 1);
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

const serve = async (self: Process, build: Build): Promise<void> => {
  const { name, config, log } = self;
  const stopping = stopSignal(log);
  const metrics = new RuntimeMetrics(name);
  const health = new ServiceHealth(systemClock, config.stallMs);
  metrics.watchEnds(health.ends);
  const hub = new SignalHub();
  hub.subscribe(metrics.handlers);
  hub.subscribe(signalLog(log));
  const server = healthServer(health, metrics.registry);
  await server.listen({ port: config.httpPort, host: config.httpHost });
  const address = server.server.address();
  log.info({ port: typeof address === 'object' ? address?.port : config.httpPort }, 'listening');

  const clients = await buildClients(self, hub, stopping).catch((error: unknown) => {
    if (!stopping.aborted) throw error;
    return null;
  });
  if (clients === null) {
    log.info('stopped before it began');
    return;
  }
  const { appender, restored } = clients;
  const body = await Promise.race([
    build({
      ...clients,
      config,
      log,
      metrics,
      instanceId: self.instanceId,
      clock: systemClock,
    }),
    aborted(stopping),
  ]);
  if (body === undefined) {
    log.info('stopped before it began');
    return;
  }
  const reader = clients.reader(body.group);
  const runtime = new FoldAndPay({
    duty: body.duty,
    policy: config.policy,
    reader,
    opener: body.opener ?? restored(appendingOpener(appender)),
    failureIsLoss: body.failureIsLoss ?? false,
    clock: systemClock,
    random: Math.random,
    onSignal: hub.emit,
  });
  if (body.isReady !== undefined) health.needs(body.isReady);
  void health.watch(runtime, reader, hub, stopping);
  let stopMsMax = STOP_UNJOINED_MS_MAX;
  const joined = async (): Promise<void> => {
    await runtime.start();
    stopMsMax = STOP_MS_MAX;
  };
  try {
    const ends = [aborted(stopping), reader.failed, runtime.failed];
    // To join a group takes as long as a session, where the group still waits for a member that has died.
    await Promise.race([...ends, joined()]);
    const background = stopping.aborted ? undefined : body.background?.(runtime, stopping);
    await Promise.race([...ends, ...(background ? [background] : [])]);
  } finally {
    await Promise.race([
      (async () => {
        await runtime.stop();
        await appender.close();
        await body.close?.();
        await server.close();
        await clients.close();
      })(),
      systemClock.sleep(stopMsMax),
    ]);
  }
  log.info('stopped');
};

/** Everything that reaches out to brokers, registry and read model. */
const buildClients = async (
  { name, config, log, instanceId }: Process,
  hub: SignalHub,
  stopping: AbortSignal,
) => {
  const { brokers, security, topic, partitionCount, production, cluster } = config;
  const { databaseUrl, trustsEmptiedLog, sessionMs, fetchBytes } = config;
  const connection: KafkaConnection = {
    brokers,
    ...security,
    clientId: instanceId,
    log: (level, message, fields) => log[level](fields, message),
  };
  const waiting = {
    clock: systemClock,
    signal: stopping,
    onWait: ({ code, message }: { readonly code: string; readonly message: string }): void =>
      log.warn({ code }, `waiting: ${message}`),
  };
  const { clusterId } = await onceThere(
    () => checkTopic(connection, { topic, partitionCount, production }),
    waiting,
  );
  const registry = new SchemaRegistryClient({ url: config.registryUrl, clientId: instanceId });
  const kept = await KeptSchemas.open({
    registry,
    path: config.schemaFile,
    origin: `${registryAddress(config.registryUrl)} for Kafka cluster ${clusterId}`,
    onNotice: (line) => log.warn(line),
  });
  const schemaIds = await onceThere(() => kept.schemaIds(), waiting);
  const onSignal = fromKafka(hub.emit);
  const schemas = new WriterSchemas(schemaIds, kept, onSignal);
  const reading = { connection, topic, partitionCount, schemas, onSignal };
  const writer: WriterOptions = { topic, partitionCount, schemaIds, source: instanceId };
  const appender = new KafkaAppender({ ...writer, connection, onSignal });
  const source = databaseUrl === null ? null : storedSnapshots(databaseUrl, instanceId, partitionCount);
  const probe = new KafkaRecordProbe(reading);
  const groupName = (...added: readonly string[]): string => [cluster, name, topic, ...added].join('.');
  return {
    connection,
    writer,
    appender,
    restored: (opener: Opener): Opener =>
      restoring(opener, { source, probe, clock: systemClock, onSignal: hub.emit, trustsEmptiedLog }),
    logEnd: (partition: number, signal: AbortSignal): Promise<number> => probe.end(partition, signal),
    readLog: async (partition: number, from: number, to: number, signal: AbortSignal) => {
      const records: LogRecord[] = [];
      await readPartition({ ...reading, partition, from, to, signal, onRecord: (one) => records.push(one) });
      return records;
    },
    isServed: (group: string): Promise<boolean> => hasGroupMember(connection, groupName(group)),
    reader: (group: string | undefined): KafkaLogReader =>
      new KafkaLogReader({
        ...reading,
        assignment: { groupId: group === undefined ? groupName() : groupName(group) },
        sessionMs,
        partitionBytesMax: fetchBytes,
      }),
    close: async (): Promise<void> => {
      registry.close();
      await Promise.all([probe.close(), source?.close()]);
    },
  };
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
