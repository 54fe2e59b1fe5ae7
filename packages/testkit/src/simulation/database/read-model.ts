import { ProjectionConflictError, isRefusedStatement, type Batch } from '@profile-warden/postgres';
import type { ReadModelStore, StoredPosition } from '@profile-warden/projector';
import type { SimDatabase, Tables } from './sim-database.ts';
import type { SqlClient } from './sql-client.ts';

type Position = Batch['position'];
type Profile = Batch['profiles'][number] & { readonly partition: number };

/** The tables of the read model; the archive as the offsets that are in it. */
export class ReadTables implements Tables<ReadTables> {
  readonly positions: Map<number, Position>;
  readonly profiles: Map<string, Profile>;
  readonly cases: Map<string, Batch['cases'][number]>;
  readonly archived: Set<string>;

  constructor(from?: ReadTables) {
    this.positions = new Map(from?.positions);
    this.profiles = new Map(from?.profiles);
    this.cases = new Map(from?.cases);
    this.archived = new Set(from?.archived);
  }

  copy(): ReadTables {
    return new ReadTables(this);
  }
}

export type ReadDatabase = SimDatabase<ReadTables>;

const LOCK_MS_MAX = 10_000;
const NOWHERE: StoredPosition = { nextOffset: 0, firstRecordId: null, lastRecord: null, hash: null };

/** The projector's way to the read model: a transaction of four statements, the position first. */
export const readModelStore = (client: SqlClient<ReadTables>): ReadModelStore => {
  const { database } = client;
  const position = (partition: number): StoredPosition => database.tables.positions.get(partition) ?? NOWHERE;
  return {
    load: (partition) => client.statement(() => position(partition)),
    write: async (batch) => {
      try {
        await client.transaction((query) => writeBatch(database, batch, query));
      } catch (error) {
        if (!(error instanceof ProjectionConflictError)) throw error;
        const stored = await client.statement(() => position(batch.partition));
        if (stored.nextOffset !== batch.position.nextOffset || stored.hash !== batch.position.hash)
          throw error;
      }
    },
    isWorthRetrying: (error) => !(error instanceof ProjectionConflictError) && !isRefusedStatement(error),
  };
};

type Query = Parameters<Parameters<SqlClient<ReadTables>['transaction']>[0]>[0];

const writeBatch = async (database: ReadDatabase, batch: Batch, query: Query): Promise<void> => {
  const { partition, expectedNextOffset, expectedHash, position, profiles, cases, archive } = batch;
  await query(async (backend) => {
    await database.lock(`position ${partition}`, backend, 'exclusive', LOCK_MS_MAX);
    const { positions } = database.tables;
    const standing = positions.get(partition);
    if ((standing?.nextOffset ?? 0) !== expectedNextOffset || (standing?.hash ?? null) !== expectedHash)
      throw new ProjectionConflictError(partition, expectedNextOffset);
    backend.write(() => positions.set(partition, position));
  });
  await query((backend) => {
    const { tables } = database;
    backend.write(() => {
      for (const row of profiles) tables.profiles.set(row.profileId, { ...row, partition });
    });
  });
  if (cases.length > 0)
    await query((backend) => {
      const { tables } = database;
      backend.write(() => {
        for (const row of cases) {
          const key = `${row.profileId}/${row.token}/${row.round}`;
          tables.cases.set(key, laidOver(tables.cases.get(key), row));
        }
      });
    });
  if (archive.length > 0)
    await query((backend) => {
      const { tables } = database;
      backend.write(() => {
        for (const { offset } of archive) tables.archived.add(`${partition}/${offset}`);
      });
    });
};

type Case = Batch['cases'][number];

/** What opened a case stays; what is told of it later is added. */
const laidOver = (before: Case | undefined, row: Case): Case =>
  before === undefined
    ? row
    : {
        ...before,
        evidence: row.evidence ?? before.evidence,
        evidenceOffset: row.evidenceOffset ?? before.evidenceOffset,
        decision: row.decision ?? before.decision,
        decidedOffset: row.decidedOffset ?? before.decidedOffset,
        resolved: row.resolved ?? before.resolved,
        resolvedOffset: row.resolvedOffset ?? before.resolvedOffset,
      };
