import type { Command } from 'commander';
import { foundWrong } from '../failure.ts';
import { printable } from '../format/printable.ts';
import { progressOf } from '../format/progress.ts';
import type { Io } from '../io.ts';
import { WardenLog } from '../log/warden-log.ts';
import { answer } from '../output.ts';
import { verifyPartition, type PartitionVerdict } from '../projection/verification.ts';
import { ReadModel } from '../read-model/read-model.ts';
import { logSettings, requiredDatabaseUrl, type ConnectionFlags } from '../settings.ts';

const DESCRIPTION =
  'Folds every partition from its first record to where its read model stands, and compares all rows by hash: position, ' +
  'profiles, recovery cases, archived events (I13). Names the first row and field that differ; exit code 1 then, or ' +
  'where the log no longer has its beginning. Reads only; a projector may go on meanwhile.';

export const addProjectionVerify = (projection: Command, io: Io): void => {
  projection
    .command('verify')
    .description(DESCRIPTION)
    .action(async (_options, command: Command) => {
      const flags = command.optsWithGlobals<ConnectionFlags>();
      const partitions = await verify(flags, io);
      answer(io, flags, { partitions }, () => partitions.map(lineOf));
      const wrong = partitions.filter(({ verdict }) => verdict !== 'same');
      if (wrong.length > 0)
        throw foundWrong(
          'read-model-differs',
          `${wrong.length} of ${partitions.length} partitions cannot be vouched for, see above` +
            // Of a log that has lost records there is nothing to build it from.
            (wrong.every(({ verdict }) => verdict === 'differs')
              ? '. "projection rebuild" builds the read model anew from the log'
              : ''),
        );
    });
};

const verify = async (flags: ConnectionFlags, io: Io): Promise<readonly PartitionVerdict[]> => {
  const settings = logSettings(flags, io.env);
  const readModel = new ReadModel(requiredDatabaseUrl(flags, io.env));
  try {
    const log = await WardenLog.open(settings);
    try {
      const { partitionCount } = settings;
      const verdicts: PartitionVerdict[] = [];
      const progress = await progressOverLog(log, partitionCount, io);
      for (let partition = 0; partition < partitionCount; partition += 1) {
        const onProgress = (nextOffset: number): void => progress.at(partition, nextOffset);
        verdicts.push(await verifyPartition({ log, readModel, partition, onProgress }));
      }
      progress.end();
      return verdicts;
    } finally {
      log.close();
    }
  } finally {
    await readModel.close();
  }
};

/** How far a command is that folds one partition after the other. */
export const progressOverLog = async (
  log: Pick<WardenLog, 'range'>,
  partitionCount: number,
  io: Io,
): Promise<{ at(partition: number, nextOffset: number): void; end(): void }> => {
  const ends: number[] = [];
  for (let partition = 0; partition < partitionCount; partition += 1)
    ends.push((await log.range(partition)).end);
  const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0);
  const progress = progressOf(io, sum(ends), 'offsets', () => performance.now());
  const done = ends.map(() => 0);
  return {
    at: (partition, nextOffset) => {
      done[partition] = nextOffset;
      progress.at(`partition ${partition} of ${partitionCount}`, sum(done));
    },
    end: () => progress.end(),
  };
};

const lineOf = (verdict: PartitionVerdict): string => {
  const partition = `partition ${verdict.partition}`;
  switch (verdict.verdict) {
    case 'same': {
      const { profileCount, caseCount, eventCount, nextOffset, foldedHash } = verdict;
      return (
        `${partition}  same     up to offset ${nextOffset}: ${profileCount} profiles, ${caseCount} cases, ` +
        `${eventCount} events, ${foldedHash.slice(0, 16)}`
      );
    }
    case 'differs': {
      const { table = '', row = '', field = '', stored = '', folded = '' } = verdict.difference ?? {};
      return printable(
        `${partition}  DIFFERS  ${table} ${row}${field === '' ? '' : `, field ${field}`}: the database has ${stored}, ` +
          `the log says ${folded}`,
      );
    }
    default:
      return `${partition}  ${verdict.verdict}  ${verdict.detail}`;
  }
};
