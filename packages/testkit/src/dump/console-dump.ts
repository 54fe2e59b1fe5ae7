import { kafkaTool } from '@profile-warden/devstack';
import {
  EventDecoder,
  type AvroSchema,
  type LogRecord,
  type RawHeaders,
  type RawRecord,
} from '@profile-warden/events';

export type Isolation = 'read_committed' | 'read_uncommitted';

export interface DumpSource {
  /** Jars of Kafka's own tools. */
  readonly kafkaLibsDir: string;
  readonly brokers: readonly string[];
  readonly registryUrl: string;
  readonly topic: string;
}

const CONSUMER = 'org.apache.kafka.tools.consumer.ConsoleConsumer';
const BYTES = 'org.apache.kafka.common.serialization.BytesDeserializer';
const OFFSETS = 'org.apache.kafka.tools.GetOffsetShell';
/**
 * The consumer ends when nothing has come for this long, or once it is past the ends that it found. Long enough for the
 * first record to come on a machine that is busy with other things.
 */
const QUIET_MS = 12_000;
const TOOL_BOUND_MS = 120_000;

/** Everything that the tool prints of a record is escaped to visible ASCII, so these can stand between the parts. */
const PART = '\t';
const HEADER = '\u0001';

const unescaped = (text: string): Buffer | null =>
  text === 'null'
    ? null
    : Buffer.from(
        text.replaceAll(/\\x([0-9A-F]{2})/g, (_all, hex: string) =>
          String.fromCharCode(Number.parseInt(hex, 16)),
        ),
        'latin1',
      );

const headersOf = (text: string): RawHeaders => {
  if (text === 'NO_HEADERS') return {};
  return Object.fromEntries(
    text.split(HEADER).map((header) => {
      const colon = header.indexOf(':');
      return [header.slice(0, colon), unescaped(header.slice(colon + 1)) ?? undefined];
    }),
  );
};

const numberIn = (text: string): number => {
  const digits = /(\d+)$/.exec(text)?.[1];
  if (digits === undefined) throw new Error(`no number in "${text}", as the console consumer prints it`);
  return Number(digits);
};

const rawRecord = (line: string): RawRecord => {
  const [time = '', partition = '', offset = '', headers = '', key = '', value = ''] = line.split(PART);
  return {
    brokerMs: numberIn(time),
    partition: numberIn(partition),
    offset: numberIn(offset),
    headers: headersOf(headers),
    key: unescaped(key),
    value: unescaped(value),
  };
};

/** Next offsets of the partitions that have anything in them. */
const endsOf = async ({ kafkaLibsDir, brokers, topic }: DumpSource): Promise<Map<number, number>> => {
  const { code, stdout, stderr } = await kafkaTool(kafkaLibsDir, OFFSETS, [
    ...['--bootstrap-server', brokers.join(',')],
    ...['--topic', topic],
  ]);
  if (code !== 0) throw new Error(`GetOffsetShell ended with ${String(code)}: ${stderr}`);
  const lines = stdout.split('\n').filter((line) => line.startsWith(`${topic}:`));
  const ends = lines.map((line): [number, number] => {
    const [, partition, end] = line.split(':');
    return [Number(partition), Number(end)];
  });
  return new Map(ends.filter(([, end]) => end > 0));
};

/** The whole topic as Kafka's own Java consumer reads it: a reader that shares no code with ours below the decoder. */
export const dumpRaw = async (source: DumpSource, isolation: Isolation): Promise<readonly RawRecord[]> => {
  const formatted = {
    'print.timestamp': 'true',
    'print.partition': 'true',
    'print.offset': 'true',
    'print.headers': 'true',
    'print.key': 'true',
    'headers.separator': HEADER,
    'key.separator': PART,
    'headers.deserializer': BYTES,
    'key.deserializer': BYTES,
    'value.deserializer': BYTES,
  };
  const open = await endsOf(source);
  const isEnough = (line: string): boolean => {
    const [, partition = '', offset = ''] = line.split(PART, 3);
    const end = open.get(numberIn(partition)) ?? 0;
    if (numberIn(offset) >= end - 1) open.delete(numberIn(partition));
    return open.size === 0;
  };
  const { code, stdout, stderr } = await kafkaTool(
    source.kafkaLibsDir,
    CONSUMER,
    [
      ...['--bootstrap-server', source.brokers.join(',')],
      ...['--topic', source.topic],
      '--from-beginning',
      ...['--isolation-level', isolation],
      ...['--timeout-ms', String(QUIET_MS)],
      ...Object.entries(formatted).flatMap(([name, value]) => ['--formatter-property', `${name}=${value}`]),
    ],
    { boundMs: TOOL_BOUND_MS, isEnough },
  );
  // What the tool was about to say when it was ended may be half a line.
  const lines = stdout
    .slice(0, stdout.lastIndexOf('\n') + 1)
    .split('\n')
    .filter((line) => line !== '');
  if (code !== 0 && lines.length === 0) throw new Error(`the console consumer ended with ${code}: ${stderr}`);
  return lines.map(rawRecord);
};

/** The same, decoded, partition by partition in log order. */
export const dumpTopic = async (
  source: DumpSource,
  isolation: Isolation,
): Promise<ReadonlyMap<number, readonly LogRecord[]>> => {
  const schemas = new Map<number, AvroSchema>();
  const decoder = new EventDecoder({ writerSchema: (id) => schemas.get(id) });
  const partitions = new Map<number, LogRecord[]>();
  for (const raw of await dumpRaw(source, isolation)) {
    let result = decoder.decode(raw);
    if (result.kind === 'unresolved') {
      schemas.set(result.schemaId, await schemaById(source.registryUrl, result.schemaId));
      result = decoder.decode(raw);
    }
    if (result.kind !== 'record')
      throw new Error(`${raw.partition}/${raw.offset}: ${JSON.stringify(result)}`);
    const records = partitions.get(raw.partition) ?? [];
    partitions.set(raw.partition, records);
    records.push(result.record);
  }
  return partitions;
};

const schemaById = async (registryUrl: string, id: number): Promise<AvroSchema> => {
  const answer = await fetch(`${registryUrl}/schemas/ids/${id}`, { signal: AbortSignal.timeout(10_000) });
  const { schema } = (await answer.json()) as { schema: string };
  return JSON.parse(schema) as AvroSchema;
};
