import type { DevstackError } from './error.ts';
import type { SecondListener } from './kafka.ts';

export type PartName = 'kafka' | 'registry' | 'postgres';
export type StackKind = 'embedded' | 'docker';

export type StackOptions = {
  kind?: StackKind;
  /** Kept at the end and used again by the next stack on it. Default: a temporary folder, deleted at the end. */
  dataDir?: string;
  /** Default: all. The registry brings Kafka along, since it keeps its schemas there. */
  parts?: readonly PartName[];
  /** Default: free ports. All are on 127.0.0.1. */
  ports?: Partial<Record<PartName, number>>;
  /** Broker settings by their Kafka names; they win over the ones a single broker needs. */
  brokerConfig?: Record<string, string>;
  /** Embedded only: another listener of the broker, which sends its clients to a port of yours, such as a proxy's. */
  secondListener?: SecondListener;
  onProgress?: (line: string) => void;
  /** Told when a part ends that nobody stopped. */
  onPartDied?: (error: DevstackError) => void;
};

export type PartState = { pid: number; logFile: string };

export type Stack = AsyncDisposable & {
  kind: StackKind;
  /** `host:port`, empty without Kafka. */
  brokers: string[];
  /** Base of the Confluent API (`…/apis/ccompat/v7`), empty without the registry. */
  registryUrl: string;
  /** With user, password and database, empty without PostgreSQL. */
  postgresUrl: string;
  brokerVersion: string;
  dataDir: string;
  readonly parts: Partial<Record<PartName, PartState>>;
  /** Kafka's jars, for `kafkaTool`; empty with Docker. */
  kafkaLibsDir: string;
  /** SIGKILL; it stays down until `restartPart`. */
  killPart(name: PartName): Promise<void>;
  /** Ends it if it runs and starts it on the same port with the same data. */
  restartPart(name: PartName): Promise<void>;
  /** May be called again: the stack stops once. */
  stop(): Promise<void>;
};
