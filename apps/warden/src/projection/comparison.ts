import { SnapshotHash, type ArchiveRow, type ProjectionRows } from '@profile-warden/postgres';
import { caseKey } from '@profile-warden/projection';
import { firstDifference, type FieldDifference } from './difference.ts';
import { eventText } from './event-digests.ts';
import { RowsDigest, caseValue, positionValue, profileValue, type FoldedRows } from './folded-rows.ts';

/** The first row that is not what the log says, and in it the first field. */
export interface RowDifference extends FieldDifference {
  readonly table: 'projection_offset' | 'profile' | 'recovery_case' | 'event_archive';
  readonly row: string;
}

export interface Comparison {
  readonly nextOffset: number;
  readonly profileCount: number;
  readonly caseCount: number;
  readonly eventCount: number;
  readonly storedHash: string;
  readonly foldedHash: string;
  readonly difference: RowDifference | null;
}

export interface ComparisonOptions {
  readonly rows: ProjectionRows;
  /** At the position of the rows. */
  readonly folded: FoldedRows;
  /** The archive rows of a range of offsets as the log has them; asked only where they differ. */
  readonly loggedEvents: (from: number, to: number) => Promise<readonly ArchiveRow[]>;
}

/** Holds every row of a partition against the fold of the log up to the same offset. */
export const compareRows = async ({ rows, folded, loggedEvents }: ComparisonOptions): Promise<Comparison> => {
  const stored = new RowsDigest();
  const differences: RowDifference[] = [];
  const own = new SnapshotHash();
  const position = rows.position === null ? null : positionValue(rows.position);
  const partition = folded.replay.state.partition;
  note(
    differences,
    'projection_offset',
    `partition ${partition}`,
    firstDifference(position, folded.position()),
  );
  const profileCount = await compareProfiles(rows, folded, { stored, own, differences });
  const caseCount = await compareCases(rows, folded, { stored, differences });
  for await (const chunk of rows.events) for (const row of chunk) stored.events.add(row);
  const foldedHash = folded.hash();
  const range = stored.events.firstDifference(folded.digest.events);
  if (range !== null) {
    const { from, to } = range;
    note(differences, ...eventDifference(await rows.eventsBetween(from, to), await loggedEvents(from, to)));
  }
  const { hash = null, state = '' } = rows.position ?? {};
  const computed = hash === null ? null : own.digest(state);
  note(
    differences,
    'projection_offset',
    `partition ${partition}`,
    firstDifference({ hash }, { hash: computed }),
  );
  return {
    nextOffset: folded.replay.state.nextOffset,
    profileCount,
    caseCount,
    eventCount: stored.events.count,
    storedHash: stored.digest(position),
    foldedHash,
    difference: differences[0] ?? null,
  };
};

interface Notes {
  readonly stored: RowsDigest;
  readonly differences: RowDifference[];
}

const note = (
  differences: RowDifference[],
  table: RowDifference['table'],
  row: string,
  found: FieldDifference | null,
): void => {
  if (found !== null) differences.push({ table, row, ...found });
};

const compareProfiles = async (
  rows: ProjectionRows,
  folded: FoldedRows,
  { stored, own, differences }: Notes & { readonly own: SnapshotHash },
): Promise<number> => {
  const { replay } = folded;
  const seen = new Set<string>();
  const first = new FirstByKey();
  for await (const chunk of rows.profiles)
    for (const row of chunk) {
      const { profileId, foldedOffset } = row;
      seen.add(profileId);
      own.set(profileId, row.state);
      const value = profileValue(row);
      stored.row('profile', profileId, value);
      const expected = folded.profile(profileId);
      first.note(profileId, value, expected === undefined ? undefined : profileValue(expected));
      // It may be the end of any batch behind the last record that changed the profile.
      const touchedAt = replay.touchedAt(profileId) ?? 0;
      if (foldedOffset < touchedAt || foldedOffset >= replay.state.nextOffset)
        first.note(
          profileId,
          { folded_offset: foldedOffset },
          { folded_offset: `${touchedAt} to ${replay.state.nextOffset - 1}` },
        );
    }
  for (const { profileId } of replay.state.profiles.values())
    if (!seen.has(profileId)) first.note(profileId, undefined, folded.profile(profileId));
  note(differences, 'profile', ...first.result());
  return seen.size;
};

const compareCases = async (
  rows: ProjectionRows,
  folded: FoldedRows,
  { stored, differences }: Notes,
): Promise<number> => {
  const seen = new Set<string>();
  const first = new FirstByKey();
  for await (const chunk of rows.cases)
    for (const row of chunk) {
      const key = caseKey(row);
      seen.add(key);
      const value = caseValue(row);
      stored.row('recovery_case', key, value);
      const expected = folded.cases.get(key);
      first.note(key, value, expected === undefined ? undefined : caseValue(expected));
    }
  for (const [key, row] of folded.cases) if (!seen.has(key)) first.note(key, undefined, caseValue(row));
  note(differences, 'recovery_case', ...first.result());
  return seen.size;
};

/** Rows come in any order; what is named is the first by key. */
class FirstByKey {
  #found: { readonly key: string; readonly difference: FieldDifference } | null = null;

  note(key: string, stored: unknown, folded: unknown): void {
    if (this.#found !== null && this.#found.key <= key) return;
    const difference = firstDifference(stored, folded);
    if (difference !== null) this.#found = { key, difference };
  }

  result(): [row: string, found: FieldDifference | null] {
    return [this.#found?.key ?? '', this.#found?.difference ?? null];
  }
}

const eventDifference = (
  inDatabase: readonly ArchiveRow[],
  inLog: readonly ArchiveRow[],
): ['event_archive', string, FieldDifference | null] => {
  const byOffset = (rows: readonly ArchiveRow[]): Map<number, unknown> =>
    new Map(rows.map((row) => [row.offset, JSON.parse(eventText(row)) as unknown]));
  const [stored, folded] = [byOffset(inDatabase), byOffset(inLog)];
  const offsets = [...new Set([...stored.keys(), ...folded.keys()])].sort((left, right) => left - right);
  for (const offset of offsets) {
    const found = firstDifference(stored.get(offset), folded.get(offset));
    if (found !== null) return ['event_archive', `offset ${offset}`, found];
  }
  return ['event_archive', '', null];
};
