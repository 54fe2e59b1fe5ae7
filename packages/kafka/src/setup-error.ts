/** What a process can find wrong before it does any work. Codes are API; messages say what to do. */
export type KafkaSetupErrorCode =
  | 'broker-unreachable'
  | 'broker-refused'
  | 'broker-untrusted'
  | 'topic-missing'
  | 'topic-partition-count'
  | 'topic-compacted'
  | 'topic-create-time'
  | 'topic-compression'
  | 'topic-replication'
  | 'registry-unreachable'
  | 'registry-timeout'
  | 'registry-refused'
  | 'registry-compatibility'
  | 'schema-missing'
  | 'schema-incompatible';

const PASSING: ReadonlySet<KafkaSetupErrorCode> = new Set([
  'broker-unreachable',
  'registry-unreachable',
  'registry-timeout',
]);

/** What the deploy step brings: a service may well be started before it. */
const DEPLOYED: ReadonlySet<KafkaSetupErrorCode> = new Set(['topic-missing', 'schema-missing']);

export class KafkaSetupError extends Error {
  readonly code: KafkaSetupErrorCode;

  constructor(code: KafkaSetupErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'KafkaSetupError';
    this.code = code;
  }

  /** Whether waiting can help. */
  get isTransient(): boolean {
    return PASSING.has(this.code);
  }

  /** Whether a process that starts may wait for it: another part comes up, or the deploy step is run. */
  get comesLater(): boolean {
    return this.isTransient || DEPLOYED.has(this.code);
  }
}
