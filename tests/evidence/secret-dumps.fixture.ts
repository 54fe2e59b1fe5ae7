import { openPool } from '@profile-warden/postgres';
import { dumpRaw, type DumpSource } from '@profile-warden/testkit/dump';
import { readFileSync } from 'node:fs';
import type { FaultWorld } from '../faults/fault-world.fixture.ts';

const joined = (parts: Iterable<Buffer | string | null | undefined>): Buffer =>
  // A zero byte between, so that nothing is found that reaches over two of them.
  Buffer.concat([...parts].flatMap((part) => [Buffer.from(part ?? ''), Buffer.of(0)]));

/** Keys, values and headers of every record as they are on the wire, unpacked; aborted ones too. */
async function topicBytes(source: DumpSource): Promise<ReadonlyMap<string, Buffer>> {
  const records = await dumpRaw(source, 'read_uncommitted');
  return new Map(
    records.map(({ partition, offset, key, value, headers }) => [
      `topic ${partition}/${offset}`,
      joined([key, value, ...Object.entries(headers).flat().map(headerBytes)]),
    ]),
  );
}

const headerBytes = (part: unknown): Buffer | string => (Buffer.isBuffer(part) ? part : String(part));

/** Every row of every table, as the database prints it; bytes come as hex digits. */
export async function tableBytes(url: string): Promise<ReadonlyMap<string, Buffer>> {
  const pool = openPool(url, { applicationName: 'grep' });
  try {
    const { rows: tables } = await pool.query<{ name: string }>(
      `select format('%I.%I', schemaname, tablename) as name from pg_tables
       where schemaname not in ('pg_catalog', 'information_schema')`,
    );
    const dumps = new Map<string, Buffer>();
    for (const { name } of tables) {
      const { rows } = await pool.query<{ row: string }>(`select t::text as row from ${name} t`);
      dumps.set(`table ${name}`, joined(rows.map(({ row }) => row)));
    }
    return dumps;
  } finally {
    await pool.end();
  }
}

/** All that the system keeps: the topic, the database, and what its services have logged. */
export async function allBytes(world: FaultWorld): Promise<{
  readonly topic: ReadonlyMap<string, Buffer>;
  readonly tables: ReadonlyMap<string, Buffer>;
  readonly logs: ReadonlyMap<string, Buffer>;
}> {
  const { brokers, registryUrl, kafkaLibsDir, postgresUrl } = world.stack;
  return {
    topic: await topicBytes({ brokers, registryUrl, kafkaLibsDir, topic: world.topic }),
    tables: await tableBytes(postgresUrl),
    logs: new Map(
      world.services.handles.map(({ name, logFile }) => [`log of ${name}`, readFileSync(logFile)]),
    ),
  };
}
