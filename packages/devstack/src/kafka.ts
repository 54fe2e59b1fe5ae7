import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DevstackError, diskFull, saysDiskFull } from './error.ts';
import { kafkaAnswers } from './kafka-probe.ts';
import type { Guard } from './guard-client.ts';
import type { ProcessSpec } from './guard-protocol.ts';
import { kafkaClassPath, TOOL_JVM_OPTIONS } from './kafka-tool.ts';
import type { PartPlan } from './part.ts';
import { freePort } from './port.ts';
import { runStep } from './step.ts';

const LOG_CONFIG = fileURLToPath(new URL('../parts/broker-log4j2.xml', import.meta.url));
const READY_BOUND_MS = 90_000;
const FORMAT_BOUND_MS = 60_000;

/** A way in beside the usual one, whose clients are sent to `advertisedPort` for everything they ask for. */
export type SecondListener = { port: number; advertisedPort: number };

/** One of several brokers that form a cluster. */
export type ClusterNode = {
  nodeId: number;
  controllerPort: number;
  /** Of all nodes, this one included: `id@host:port`, as Kafka writes them. */
  voters: string;
  clusterId: string;
};

export type KafkaOptions = {
  guard: Guard;
  java: string;
  libsDir: string;
  dir: string;
  logFile: string;
  port: number;
  env: Record<string, string>;
  brokerConfig: Record<string, string>;
  secondListener?: SecondListener | undefined;
  /** Default: the only broker of its own cluster. */
  node?: ClusterNode;
};

/** The settings that a single broker needs, shared with the container. What is said in `brokerConfig` wins. */
const SINGLE_BROKER_CONFIG: Record<string, string> = {
  'auto.create.topics.enable': 'false',
  'offsets.topic.replication.factor': '1',
  'offsets.topic.num.partitions': '5',
  'transaction.state.log.replication.factor': '1',
  'transaction.state.log.min.isr': '1',
  'transaction.state.log.num.partitions': '5',
  'share.coordinator.state.topic.replication.factor': '1',
  'share.coordinator.state.topic.min.isr': '1',
  'share.coordinator.state.topic.num.partitions': '1',
  'group.initial.rebalance.delay.ms': '0',
  'log.cleaner.dedupe.buffer.size': '20971520',
};

function listenerSettings(options: KafkaOptions, controllerPort: number): Record<string, string> {
  const { port, secondListener: second } = options;
  const own = `PLAINTEXT://127.0.0.1:${port}`;
  return {
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'PLAINTEXT',
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,SECOND:PLAINTEXT,CONTROLLER:PLAINTEXT',
    listeners: `${own}${second ? `,SECOND://127.0.0.1:${second.port}` : ''},CONTROLLER://127.0.0.1:${controllerPort}`,
    'advertised.listeners': `${own}${second ? `,SECOND://127.0.0.1:${second.advertisedPort}` : ''}`,
  };
}

function brokerProperties(options: KafkaOptions, node: ClusterNode): string {
  const settings: Record<string, string> = {
    'process.roles': 'broker,controller',
    'node.id': String(node.nodeId),
    'controller.quorum.voters': node.voters,
    ...listenerSettings(options, node.controllerPort),
    'log.dirs': join(options.dir, 'data'),
    // The broker serves clients after the heartbeat that follows its registration.
    'broker.heartbeat.interval.ms': '500',
    // A killed broker may come back only when the controller has given up on its former life.
    'broker.session.timeout.ms': '2000',
    ...SINGLE_BROKER_CONFIG,
    ...options.brokerConfig,
  };
  return Object.entries(settings)
    .map(([name, value]) => `${name}=${value.replaceAll('\\', '\\\\')}\n`)
    .join('');
}

/** Writes the settings and, the first time, formats the data folder. */
export async function planKafka(options: KafkaOptions): Promise<PartPlan> {
  const properties = join(options.dir, 'server.properties');
  await mkdir(options.dir, { recursive: true });
  const node = options.node ?? (await onlyNode());
  await writeFile(properties, brokerProperties(options, node));
  if (!existsSync(join(options.dir, 'data', 'meta.properties')))
    await format(options, properties, node.clusterId);

  const jvm = ['-Xms256m', '-Xmx512m', '-XX:+ExitOnOutOfMemoryError', '-Djava.awt.headless=true'];
  return {
    name: 'kafka',
    port: options.port,
    readyBoundMs: READY_BOUND_MS,
    isReady: () => kafkaAnswers(options.port),
    process: {
      command: options.java,
      args: [
        ...jvm,
        `-Dlog4j2.configurationFile=${LOG_CONFIG}`,
        '-cp',
        kafkaClassPath(options.libsDir),
        'kafka.Kafka',
        properties,
      ],
      env: options.env,
      cwd: options.dir,
      logFile: options.logFile,
      freshLog: true,
      stopSignal: 'SIGTERM',
    },
  };
}

async function onlyNode(): Promise<ClusterNode> {
  const controllerPort = await freePort();
  return { nodeId: 1, controllerPort, voters: `1@127.0.0.1:${controllerPort}`, clusterId: newClusterId() };
}

/** As Kafka's own tool makes them. */
export function newClusterId(): string {
  return randomBytes(16).toString('base64url').replace(/^-/, '0');
}

async function format(options: KafkaOptions, properties: string, clusterId: string): Promise<void> {
  const format = ['format', '--cluster-id', clusterId, '--config', properties, '--ignore-formatted'];
  const spec: ProcessSpec = {
    command: options.java,
    args: [...TOOL_JVM_OPTIONS, '-cp', kafkaClassPath(options.libsDir), 'kafka.tools.StorageTool', ...format],
    env: options.env,
    cwd: options.dir,
    logFile: options.logFile,
    freshLog: true,
    stopSignal: 'SIGTERM',
  };
  const { isDone, outcome, logTail } = await runStep(options.guard, spec, FORMAT_BOUND_MS);
  if (isDone) return;
  if (saysDiskFull(logTail)) throw diskFull(options.dir);
  throw new DevstackError(
    'part-died',
    `Kafka's data folder ${options.dir} could not be formatted: the tool for it ${outcome} and said:\n${logTail}`,
  );
}
