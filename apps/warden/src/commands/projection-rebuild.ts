import type { Command } from 'commander';
import { addressOf, isNotAllowed, RebuildRefusedError } from '@profile-warden/postgres';
import { failed, refused } from '../failure.ts';
import type { Io } from '../io.ts';
import { WardenLog } from '../log/warden-log.ts';
import { answer } from '../output.ts';
import { rebuildProjection, type RebuiltPartition } from '../projection/rebuilding.ts';
import { explained } from '../read-model/connection.ts';
import { logSettings, requiredDatabaseUrl, type ConnectionFlags } from '../settings.ts';
import { progressOverLog } from './projection-verify.ts';

interface RebuildFlags extends ConnectionFlags {
  readonly acceptShorterLog?: boolean;
}

const DESCRIPTION =
  'Builds the read model anew from the first record of each partition, beside the live one, and puts it in its place ' +
  'in one transaction; owner and grants stay. The projector may run: it goes on where the new one is what it wrote ' +
  'itself, and ends to be started again where it is not. Ended before the switch, it has changed nothing. Needs a ' +
  'login that owns the read model and may create schemas.';

export const addProjectionRebuild = (projection: Command, io: Io): void => {
  projection
    .command('rebuild')
    .description(DESCRIPTION)
    .option('--accept-shorter-log', 'go on where the read model stands beyond the end of the log')
    .action(async (_options, command: Command) => {
      const flags = command.optsWithGlobals<RebuildFlags>();
      const startedAt = performance.now();
      const partitions = await rebuild(flags, io);
      const tookMs = Math.round(performance.now() - startedAt);
      answer(io, flags, { partitions, tookMs }, () => [
        ...partitions.map(lineOf),
        `the read model was rebuilt and is in place, after ${(tookMs / 1_000).toFixed(1)} s`,
      ]);
    });
};

const rebuild = async (flags: RebuildFlags, io: Io): Promise<readonly RebuiltPartition[]> => {
  const settings = logSettings(flags, io.env);
  const url = requiredDatabaseUrl(flags, io.env);
  const log = await WardenLog.open(settings);
  try {
    const progress = await progressOverLog(log, settings.partitionCount, io);
    try {
      return await rebuildProjection({
        log,
        url,
        acceptsShorterLog: flags.acceptShorterLog === true,
        onProgress: (partition, nextOffset) => progress.at(partition, nextOffset),
        onNote: (note) => io.err(note),
      });
    } finally {
      progress.end();
    }
  } catch (error) {
    if (error instanceof RebuildRefusedError) throw refused(error.code, error.message);
    if (isNotAllowed(error))
      throw failed('not-allowed', `${String(error)}: the login must own the read model`, error);
    throw explained(error, addressOf(url));
  } finally {
    log.close();
  }
};

const lineOf = ({ partition, nextOffset, profileCount, sameHash }: RebuiltPartition): string =>
  `partition ${partition}  up to offset ${nextOffset}: ${profileCount} profiles, ` +
  (sameHash ? 'as the replaced one had them' : 'another state or text than the replaced one had');
