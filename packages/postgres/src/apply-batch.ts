import type { PoolClient } from 'pg';
import { ProjectionConflictError } from './error.ts';
import { storableText } from './storable-text.ts';
import type { ArchiveRow, Batch, CaseRow, JsonText, ProfileRow } from './rows.ts';

/**
 * Writes what a run of records did, inside the caller's transaction. The position goes first and is compared and set:
 * its row lock keeps a second projector of the partition waiting until this one has committed, and then tells it.
 *
 * @throws ProjectionConflictError when the read model does not stand at `expectedNextOffset`, or holds something else there.
 */
export async function applyBatch(client: PoolClient, batch: Batch): Promise<void> {
  await movePosition(client, batch);
  await upsertProfiles(client, batch.partition, batch.profiles);
  await upsertCases(client, batch.cases);
  await archive(client, batch.partition, batch.archive);
}

async function movePosition(
  client: PoolClient,
  { partition, expectedNextOffset, expectedHash, position }: Batch,
): Promise<void> {
  const values = [
    partition,
    position.nextOffset,
    position.foldVersion,
    position.firstRecordId === null ? null : storableText(position.firstRecordId),
    position.lastRecord === null ? null : storableText(position.lastRecord.id),
    position.lastRecord?.offset ?? null,
    position.state,
    position.hash,
    expectedNextOffset,
    expectedHash,
  ];
  const updated = await client.query(
    `update projection_offset
     set next_offset = $2, fold_version = $3, first_record_id = $4, last_record_id = $5, last_record_offset = $6,
         state = $7::json, hash = $8, updated_at = now()
     where partition = $1 and next_offset = $9 and hash = coalesce($10, hash)`,
    values,
  );
  if (updated.rowCount === 1) return;
  if (expectedNextOffset !== 0) throw new ProjectionConflictError(partition, expectedNextOffset);
  const inserted = await client.query(
    `insert into projection_offset
       (partition, next_offset, fold_version, first_record_id, last_record_id, last_record_offset, state, hash)
     values ($1, $2, $3, $4, $5, $6, $7::json, $8) on conflict do nothing`,
    values.slice(0, 8),
  );
  if (inserted.rowCount !== 1) throw new ProjectionConflictError(partition, expectedNextOffset);
}

async function upsertProfiles(
  client: PoolClient,
  partition: number,
  profiles: readonly ProfileRow[],
): Promise<void> {
  if (profiles.length === 0) return;
  await client.query(
    `insert into profile (profile_id, partition, lifecycle, token, since_offset, since_at, folded_offset, state)
     select id, $1, lifecycle, token, since, ${instant('since_ms')}, folded, state::json
     from unnest($2::text[], $3::text[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], ${listOf('$8')})
       as t (id, lifecycle, token, since, since_ms, folded, state)
     on conflict (profile_id) do update set
       partition = excluded.partition, lifecycle = excluded.lifecycle, token = excluded.token,
       since_offset = excluded.since_offset, since_at = excluded.since_at,
       folded_offset = excluded.folded_offset, state = excluded.state`,
    [
      partition,
      profiles.map((row) => row.profileId),
      profiles.map((row) => row.lifecycle),
      profiles.map((row) => row.token),
      profiles.map((row) => row.sinceOffset),
      profiles.map((row) => row.sinceAt),
      profiles.map((row) => row.foldedOffset),
      listed(profiles.map((row) => row.state)),
    ],
  );
}

async function upsertCases(client: PoolClient, cases: readonly CaseRow[]): Promise<void> {
  if (cases.length === 0) return;
  await client.query(
    `insert into recovery_case as c
       (profile_id, token, round, cause, opened_offset, opened_at, attempt_count, evidence, evidence_offset,
        decision, decided_offset, resolved, resolved_offset)
     select id, token, round, cause, opened, ${instant('opened_ms')}, attempts, evidence::json, evidence_at,
            decision::json, decided_at, resolved::json, resolved_at
     from unnest($1::text[], $2::bigint[], $3::int[], $4::text[], $5::bigint[], $6::bigint[], $7::text[], $8::bigint[],
                 $9::text[], $10::bigint[], $11::text[], $12::bigint[], $13::int[])
       as t (id, token, round, cause, opened, opened_ms, evidence, evidence_at, decision, decided_at,
             resolved, resolved_at, attempts)
     on conflict (profile_id, token, round) do update set
       attempt_count = greatest(excluded.attempt_count, c.attempt_count),
       evidence = coalesce(excluded.evidence, c.evidence),
       evidence_offset = coalesce(excluded.evidence_offset, c.evidence_offset),
       decision = coalesce(excluded.decision, c.decision),
       decided_offset = coalesce(excluded.decided_offset, c.decided_offset),
       resolved = coalesce(excluded.resolved, c.resolved),
       resolved_offset = coalesce(excluded.resolved_offset, c.resolved_offset)`,
    [
      cases.map((row) => row.profileId),
      cases.map((row) => row.token),
      cases.map((row) => row.round),
      cases.map((row) => row.cause),
      cases.map((row) => row.openedOffset),
      cases.map((row) => row.openedAt),
      cases.map((row) => row.evidence),
      cases.map((row) => row.evidenceOffset),
      cases.map((row) => row.decision),
      cases.map((row) => row.decidedOffset),
      cases.map((row) => row.resolved),
      cases.map((row) => row.resolvedOffset),
      cases.map((row) => row.attemptCount),
    ],
  );
}

async function archive(client: PoolClient, partition: number, rows: readonly ArchiveRow[]): Promise<void> {
  if (rows.length === 0) return;
  await client.query(
    `insert into event_archive (partition, log_offset, broker_at, profile_id, type, event_id, body)
     select $1, log_offset, ${instant('broker_ms')}, profile_id, type, event_id, body::json
     from unnest($2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::text[], ${listOf('$7')})
       as t (log_offset, broker_ms, profile_id, type, event_id, body)
     on conflict do nothing`,
    [
      partition,
      rows.map((row) => row.offset),
      rows.map((row) => row.brokerAt),
      rows.map((row) => (row.profileId === null ? null : storableText(row.profileId))),
      rows.map((row) => row.type),
      rows.map((row) => storableText(row.eventId)),
      listed(rows.map((row) => row.body)),
    ],
  );
}

/**
 * Texts of JSON as one text, told apart by a character that JSON never has as it is. An array would have every quotation
 * mark of them escaped here and read again one by one there, which takes longer than everything else.
 */
const listed = (texts: readonly JsonText[]): string => texts.join('\u001e');
const listOf = (parameter: string): string => `string_to_array(${parameter}, E'\\x1e')`;

/** Epoch ms as an instant, without the rounding of a division. */
const instant = (column: string): string => `timestamptz 'epoch' + ${column} * interval '1 millisecond'`;
