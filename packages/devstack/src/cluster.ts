import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDataDir } from './data-dir.ts';
import { download } from './download.ts';
import type { DevstackError } from './error.ts';
import { Guard } from './guard-client.ts';
import { findJava } from './java.ts';
import { newClusterId, planKafka, type ClusterNode } from './kafka.ts';
import { Part, type PartPlan } from './part.ts';
import { freePort } from './port.ts';

export type KafkaClusterOptions = {
  /** 1 to 5; each takes about 500 MB of memory. Default 3. */
  brokerCount?: number;
  /** Broker settings by their Kafka names, for all of them; they win over ours. */
  brokerConfig?: Record<string, string>;
  onProgress?: (line: string) => void;
  /** Told when a broker ends that nobody stopped. */
  onBrokerDied?: (error: DevstackError) => void;
};

/** Brokers by their index, 0 and up. Each keeps its port and its data through `kill` and `restart`. */
export type KafkaCluster = AsyncDisposable & {
  brokers: readonly string[];
  kafkaLibsDir: string;
  pidOf(broker: number): number;
  /** SIGKILL; it stays down until `restart`. */
  kill(broker: number): Promise<void>;
  /** In order: hands its leaderships over, ends, starts again, and serves clients when this comes back. */
  restart(broker: number): Promise<void>;
};

const BROKERS_MAX = 5;

/** What a small cluster needs so that it goes on while one broker is away. */
const clusterConfig = (brokerCount: number): Record<string, string> => {
  const copies = String(Math.min(3, brokerCount));
  const enough = String(Math.min(2, brokerCount));
  return {
    'offsets.topic.replication.factor': copies,
    'transaction.state.log.replication.factor': copies,
    'transaction.state.log.min.isr': enough,
    'share.coordinator.state.topic.replication.factor': copies,
    'share.coordinator.state.topic.min.isr': enough,
    'min.insync.replicas': enough,
    'default.replication.factor': copies,
    'unclean.leader.election.enable': 'false',
    'controlled.shutdown.enable': 'true',
    'replica.lag.time.max.ms': '5000',
  };
};

/** Several brokers, each broker and controller, in a temporary folder that goes with them. */
export async function startKafkaCluster(options: KafkaClusterOptions = {}): Promise<KafkaCluster> {
  const { brokerCount = 3, onProgress: say = () => undefined } = options;
  if (!Number.isInteger(brokerCount) || brokerCount < 1 || brokerCount > BROKERS_MAX)
    throw new RangeError(`brokerCount must be a whole number from 1 to ${BROKERS_MAX}, got ${brokerCount}`);
  const java = await findJava();
  const kafka = await download('kafka', { onProgress: say });
  const home = await openDataDir(undefined);
  const guard = new Guard();
  guard.removeAtEnd(home.dir);
  let isEnding = false;
  const end = async (): Promise<void> => {
    isEnding = true;
    await guard.end();
    await home.release();
  };
  const onDied = (error: DevstackError): void => {
    if (!isEnding) options.onBrokerDied?.(error);
  };
  try {
    const env = { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? home.dir, TMPDIR: tmpdir() };
    const plans: PartPlan[] = [];
    for (const node of await nodes(brokerCount))
      plans.push(
        await planKafka({
          guard,
          java,
          libsDir: kafka.dir,
          dir: join(home.dir, `kafka-${node.nodeId}`),
          logFile: join(home.logDir, `kafka-${node.nodeId}.log`),
          port: await freePort(),
          env,
          brokerConfig: { ...clusterConfig(brokerCount), ...options.brokerConfig },
          node,
        }),
      );
    const parts = plans.map((plan) => new Part(plan, guard, onDied));
    // None is ready before most of them are up.
    await Promise.all(parts.map((part) => part.start()));
    say(`${brokerCount} brokers are ready`);
    return clusterOf(parts, kafka.dir, end);
  } catch (error) {
    await end();
    throw error;
  }
}

async function nodes(count: number): Promise<readonly ClusterNode[]> {
  const ports: number[] = [];
  for (let nodeId = 1; nodeId <= count; nodeId += 1) ports.push(await freePort());
  const voters = ports.map((port, index) => `${index + 1}@127.0.0.1:${port}`).join(',');
  const clusterId = newClusterId();
  return ports.map((controllerPort, index) => ({ nodeId: index + 1, controllerPort, voters, clusterId }));
}

function clusterOf(parts: readonly Part[], kafkaLibsDir: string, end: () => Promise<void>): KafkaCluster {
  const partOf = (broker: number): Part => {
    const part = parts[broker];
    if (part === undefined) throw new RangeError(`no broker ${broker}: there are ${parts.length}`);
    return part;
  };
  return {
    brokers: parts.map(({ plan }) => `127.0.0.1:${plan.port}`),
    kafkaLibsDir,
    pidOf: (broker) => partOf(broker).pid,
    kill: (broker) => partOf(broker).kill(),
    restart: async (broker) => {
      await partOf(broker).stop();
      await partOf(broker).start();
    },
    [Symbol.asyncDispose]: end,
  };
}
