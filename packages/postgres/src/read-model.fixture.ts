/** For the specs beside this file: an empty read model of its own, and rows to put into it. */
import { preparedDatabase } from '@profile-warden/testkit/parts';
import { READ_SCHEMA, migrate } from './migrate.ts';
import type { Pool } from './pool.ts';
import { openPool } from './pool.ts';
import type { ArchiveRow, Batch, CaseRow, ProfileRow } from './rows.ts';
import { SnapshotHash } from './snapshot-hash.ts';

export interface ReadModelDatabase extends AsyncDisposable {
  readonly url: string;
  readonly pool: Pool;
}

export async function readModelDatabase(): Promise<ReadModelDatabase> {
  const url = await preparedDatabase('read-model', (template) => migrate(template));
  const pool = openPool(url, { applicationName: 'spec', schema: READ_SCHEMA });
  return { url, pool, [Symbol.asyncDispose]: () => pool.end() };
}

export const profileRow = (profileId: string, change: Partial<ProfileRow> = {}): ProfileRow => ({
  profileId,
  lifecycle: 'held',
  token: 1,
  sinceOffset: 3,
  sinceAt: 1_700_000_000_123,
  foldedOffset: 4,
  state: JSON.stringify({ profileId }),
  ...change,
});

export const caseRow = (profileId: string, change: Partial<CaseRow> = {}): CaseRow => ({
  profileId,
  token: 1,
  round: 1,
  cause: 'operator',
  openedOffset: 5,
  openedAt: 1_700_000_000_000,
  attemptCount: 0,
  evidence: null,
  evidenceOffset: null,
  decision: null,
  decidedOffset: null,
  resolved: null,
  resolvedOffset: null,
  ...change,
});

export const archiveRow = (offset: number, profileId: string | null): ArchiveRow => ({
  offset,
  brokerAt: 1_700_000_000_000 + offset,
  profileId,
  type: 'LeaseGranted',
  eventId: `event-${offset}`,
  body: JSON.stringify({ type: 'LeaseGranted', token: offset }),
});

/** A batch as a projector would write it; `known` are profiles of earlier batches, for the hash. */
export function batch(
  expectedNextOffset: number,
  nextOffset: number,
  change: Partial<Batch> = {},
  known: readonly ProfileRow[] = [],
): Batch {
  const state = JSON.stringify({ nextOffset });
  const hash = new SnapshotHash();
  for (const row of [...known, ...(change.profiles ?? [])]) hash.set(row.profileId, row.state);
  return {
    partition: 0,
    expectedNextOffset,
    expectedHash: null,
    position: {
      nextOffset,
      foldVersion: 1,
      firstRecordId: 'first',
      lastRecord: { offset: nextOffset - 1, id: 'last' },
      state,
      hash: hash.digest(state),
    },
    profiles: [],
    cases: [],
    archive: [],
    ...change,
  };
}
