import type { Pool, PoolClient } from 'pg';
import { positionRowOf } from './snapshot.ts';
import { inTransaction } from './transaction.ts';
import type { ArchiveRow, CaseRow, PartitionRow, ProfileRow } from './rows.ts';

/** Everything that the read model holds of a partition, at one instant. Each of the iterables is to be read once. */
export interface ProjectionRows {
  /** Null where the partition was never written. */
  readonly position: PartitionRow | null;
  readonly profiles: AsyncIterable<readonly ProfileRow[]>;
  /** Those of no known profile belong to every partition. */
  readonly cases: AsyncIterable<readonly CaseRow[]>;
  /** By offset. */
  readonly events: AsyncIterable<readonly ArchiveRow[]>;
  /** Those from one offset up to and without another; for a few. */
  readonly eventsBetween: (from: number, to: number) => Promise<readonly ArchiveRow[]>;
}

const CHUNK_COUNT = 1_000;
const epochMs = (column: string): string => `(extract(epoch from ${column}) * 1000)::bigint`;

const PROFILES = `
  select profile_id as "profileId", lifecycle, token, since_offset as "sinceOffset", ${epochMs('since_at')} as "sinceAt",
         folded_offset as "foldedOffset", state::text
  from profile where partition = `;
const CASES = `
  select c.profile_id as "profileId", c.token, c.round, c.cause, c.opened_offset as "openedOffset",
         ${epochMs('c.opened_at')} as "openedAt", c.attempt_count as "attemptCount",
         c.evidence::text, c.evidence_offset as "evidenceOffset", c.decision::text,
         c.decided_offset as "decidedOffset", c.resolved::text, c.resolved_offset as "resolvedOffset"
  from recovery_case c left join profile p using (profile_id) where p.partition is null or p.partition = `;
const EVENTS = `
  select log_offset as "offset", ${epochMs('broker_at')} as "brokerAt", profile_id as "profileId", type,
         event_id as "eventId", body::text
  from event_archive where partition = `;

/** Hands over the rows of a partition in chunks, as they stand at one instant. */
export const withProjectionRows = <T>(
  pool: Pool,
  partition: number,
  work: (rows: ProjectionRows) => Promise<T>,
): Promise<T> =>
  inTransaction(
    pool,
    async (client) => {
      const of = String(Math.trunc(partition));
      return work({
        position: await positionRowOf(client, partition),
        profiles: chunks(client, 'profile_rows', `${PROFILES}${of}`),
        cases: chunks(client, 'case_rows', `${CASES}${of}`),
        events: chunks(client, 'event_rows', `${EVENTS}${of} order by log_offset`),
        eventsBetween: async (from, to) =>
          (
            await client.query<ArchiveRow>(
              `${EVENTS}${of} and log_offset >= $1 and log_offset < $2 order by log_offset`,
              [from, to],
            )
          ).rows,
      });
    },
    'repeatable read read only',
  );

async function* chunks<T extends object>(
  client: PoolClient,
  name: string,
  query: string,
): AsyncGenerator<readonly T[]> {
  await client.query(`declare ${name} no scroll cursor for ${query}`);
  for (;;) {
    const { rows } = await client.query<T>(`fetch forward ${CHUNK_COUNT} from ${name}`);
    if (rows.length === 0) return;
    yield rows;
  }
}
