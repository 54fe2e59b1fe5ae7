import { mkdir } from 'node:fs/promises';
import type { PartPlan } from './part.ts';

const READY_BOUND_MS = 90_000;
const PROBE_BOUND_MS = 2_000;

export type RegistryOptions = {
  java: string;
  jar: string;
  dir: string;
  logFile: string;
  port: number;
  kafkaPort: number;
  env: Record<string, string>;
};

export function registryUrlAt(port: number): string {
  return `http://127.0.0.1:${port}/apis/ccompat/v7`;
}

/** Whether the registry answers on the API that is used: its health page is up earlier. */
export async function registryAnswers(port: number): Promise<boolean> {
  try {
    const answer = await fetch(`${registryUrlAt(port)}/subjects`, {
      signal: AbortSignal.timeout(PROBE_BOUND_MS),
    });
    await answer.arrayBuffer();
    return answer.ok;
  } catch {
    return false;
  }
}

export async function planRegistry(options: RegistryOptions): Promise<PartPlan> {
  await mkdir(options.dir, { recursive: true });
  return {
    name: 'registry',
    port: options.port,
    readyBoundMs: READY_BOUND_MS,
    isReady: () => registryAnswers(options.port),
    process: {
      command: options.java,
      args: [
        '-Xmx384m',
        '-XX:+UseSerialGC',
        '-XX:TieredStopAtLevel=1',
        '-Djava.awt.headless=true',
        '-jar',
        options.jar,
      ],
      env: {
        ...options.env,
        // Schemas are kept in Kafka: their ids, which are part of every message, survive a restart.
        APICURIO_STORAGE_KIND: 'kafkasql',
        APICURIO_KAFKASQL_BOOTSTRAP_SERVERS: `127.0.0.1:${options.kafkaPort}`,
        // Spent whole at each start, waiting for a snapshot of the schemas: this stack never makes one. Default 5000.
        APICURIO_KAFKASQL_CONSUMER_POLL_TIMEOUT: '200',
        QUARKUS_HTTP_HOST: '127.0.0.1',
        QUARKUS_HTTP_PORT: String(options.port),
      },
      cwd: options.dir,
      logFile: options.logFile,
      freshLog: true,
      stopSignal: 'SIGTERM',
    },
  };
}
