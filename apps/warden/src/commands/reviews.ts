import type { PartitionState } from '@profile-warden/domain';
import type { Command } from 'commander';
import type { Io } from '../io.ts';
import { viewPartition } from '../log/partition-view.ts';
import { WardenLog } from '../log/warden-log.ts';
import { answer } from '../output.ts';
import { ReadModel } from '../read-model/read-model.ts';
import { byUrgency, reviewRows, type ReviewRow } from '../review/review-row.ts';
import { reviewLines } from '../review/review-text.ts';
import { databaseUrl, logSettings, partitionCountOf, type ConnectionFlags } from '../settings.ts';

interface ReviewsFlags extends ConnectionFlags {
  readonly fromLog?: boolean;
}

/** Where the list comes from, and what it lacks. */
interface Listing {
  readonly source: 'read-model' | 'log';
  readonly rows: readonly ReviewRow[];
  /** Partitions of which nothing was projected yet. */
  readonly missing: readonly number[];
}

const DESCRIPTION =
  'Profiles that wait for a person, longest waiting first, then those out of service: token, round, rule, reasons, ' +
  'age, open steps, holder, and the command that resolves each. Reads the read model where a database is ' +
  'configured, which may lag behind the log; without one, or with --from-log, folds the whole log.';

export const addReviews = (program: Command, io: Io): void => {
  program
    .command('reviews')
    .description(DESCRIPTION)
    .option('--from-log', 'fold the log even where a database is configured')
    .action(async (_options, command: Command) => {
      const flags = command.optsWithGlobals<ReviewsFlags>();
      const url = databaseUrl(flags, io.env);
      const listing =
        url === null || flags.fromLog === true
          ? await listFromLog(flags, io, url)
          : await listProjected(url, partitionCountOf(flags, io.env));
      answer(io, flags, listing, () => listingLines(listing));
    });
};

const listed = (source: Listing['source'], states: readonly (PartitionState | null)[]): Listing => ({
  source,
  rows: states.flatMap((state) => (state === null ? [] : reviewRows(state))).sort(byUrgency),
  missing: states.flatMap((state, partition) => (state === null ? [partition] : [])),
});

const listProjected = async (url: string, partitionCount: number): Promise<Listing> => {
  const readModel = new ReadModel(url);
  try {
    const states: (PartitionState | null)[] = [];
    for (let partition = 0; partition < partitionCount; partition += 1)
      states.push(await readModel.partition(partition));
    return listed('read-model', states);
  } finally {
    await readModel.close();
  }
};

const listFromLog = async (flags: ReviewsFlags, io: Io, url: string | null): Promise<Listing> => {
  const settings = logSettings(flags, io.env);
  const log = await WardenLog.open(settings);
  const readModel = url === null ? null : new ReadModel(url);
  try {
    const states: PartitionState[] = [];
    for (let partition = 0; partition < settings.partitionCount; partition += 1)
      states.push((await viewPartition(log, { partition, readModel, fromSnapshot: false })).state);
    return listed('log', states);
  } finally {
    log.close();
    await readModel?.close();
  }
};

const listingLines = ({ source, rows, missing }: Listing): string[] => {
  const waiting = rows.filter(({ stage }) => stage === 'manual-review').length;
  const from = source === 'log' ? 'folded from the log' : 'as the read model has it';
  return [
    ...rows.flatMap((row) => [...reviewLines(row), '']),
    `${waiting} waiting for a person, ${rows.length - waiting} out of service, ${from}`,
    ...(missing.length === 0
      ? []
      : [`nothing was projected yet of partition ${missing.join(', ')}: see --from-log`]),
  ];
};
