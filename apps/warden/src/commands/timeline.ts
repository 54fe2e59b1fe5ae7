import { partitionOf } from '@profile-warden/kafka';
import type { Command } from 'commander';
import { failed } from '../failure.ts';
import { printable } from '../format/printable.ts';
import { profileIdOf } from '../input.ts';
import type { Io } from '../io.ts';
import { WardenLog } from '../log/warden-log.ts';
import { logSettings, type ConnectionFlags } from '../settings.ts';
import { Timeline, timelineLine } from '../timeline/timeline.ts';

interface TimelineFlags extends ConnectionFlags {
  readonly all?: boolean;
}

const DESCRIPTION =
  'Every event of a profile in log order: offset, broker time (UTC), log time, token, what happened, the stage it ' +
  'led to. What the fold ignored is marked with the reason. Heartbeats in a row are one line unless --all is given. ' +
  "Starts of the holder's worker and reports about its host are shown too. With --json one object a line. " +
  'Exit code 1 where no record speaks of the profile.';

export const addTimeline = (program: Command, io: Io): void => {
  program
    .command('timeline')
    .description(DESCRIPTION)
    .argument('<id>', 'profile id', profileIdOf)
    .option('--all', 'a line for every heartbeat')
    .action(async (profileId: string, _options, command: Command) => {
      await showTimeline(profileId, command.optsWithGlobals<TimelineFlags>(), io);
    });
};

const showTimeline = async (profileId: string, flags: TimelineFlags, io: Io): Promise<void> => {
  const settings = logSettings(flags, io.env);
  const partition = partitionOf(profileId, settings.partitionCount);
  let count = 0;
  const timeline = new Timeline(profileId, {
    all: flags.all === true,
    onEntry: (entry) => {
      count += 1;
      io.out(flags.json === true ? JSON.stringify(entry) : printable(timelineLine(entry)));
    },
  });
  const log = await WardenLog.open(settings);
  try {
    const { range, state } = await log.fold(partition, {
      mayBeCut: true,
      onFolded: (step) => timeline.take(step),
    });
    timeline.flush();
    if (range.start > 0)
      io.err(
        `the log of partition ${partition} begins at offset ${range.start}: what came before is missing here, and ` +
          'the marks may be wrong for want of it',
      );
    if (count === 0)
      throw failed(
        'unknown-profile',
        `no record speaks of ${profileId}: partition ${partition} was folded to offset ${state.nextOffset - 1}`,
      );
  } finally {
    log.close();
  }
};
