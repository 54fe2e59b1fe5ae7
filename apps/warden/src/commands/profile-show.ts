import { partitionOf } from '@profile-warden/kafka';
import type { Command } from 'commander';
import { failed, messageOf } from '../failure.ts';
import { profileIdOf } from '../input.ts';
import type { Io } from '../io.ts';
import { viewPartition } from '../log/partition-view.ts';
import { WardenLog } from '../log/warden-log.ts';
import { answer } from '../output.ts';
import { profileLines } from '../profile/profile-text.ts';
import { profileView } from '../profile/profile-view.ts';
import { AgreementCheck, type Agreement } from '../read-model/agreement.ts';
import { ReadModel, type ProjectedProfile } from '../read-model/read-model.ts';
import { databaseUrl, logSettings } from '../settings.ts';
import type { ProfileFlags } from './profile-access.ts';

const DESCRIPTION =
  'The state of a profile now, folded from its partition of the log: stage and why, since when, holder, token, ' +
  'open steps, checkpoint, waiting requests, and what happens next. Where a database is configured it also says ' +
  'whether the read model agrees. Exit code 1 where no record speaks of the profile.';

export const addProfileShow = (parent: Command, io: Io): void => {
  parent
    .command('show', { isDefault: true })
    .description(DESCRIPTION)
    .argument('<id>', 'profile id', profileIdOf)
    .option(
      '--from-snapshot',
      'begin from the verified snapshot of the read model and fold only what came after',
    )
    .action(async (profileId: string, _options, command: Command) => {
      await showProfile(profileId, command.optsWithGlobals<ProfileFlags>(), io);
    });
};

const showProfile = async (profileId: string, flags: ProfileFlags, io: Io): Promise<void> => {
  const settings = logSettings(flags, io.env);
  const url = databaseUrl(flags, io.env);
  const partition = partitionOf(profileId, settings.partitionCount);
  const readModel = url === null ? null : new ReadModel(url);
  let log: WardenLog | null = null;
  try {
    // The row is read before the log, so that the log always reaches past it.
    const [opened, projected] = await Promise.all([
      WardenLog.open(settings),
      readModel === null ? null : projectedOf(readModel, profileId, partition),
    ]);
    log = opened;
    const check =
      projected === null || projected instanceof Error ? null : new AgreementCheck(profileId, projected);
    const view = await viewPartition(log, {
      partition,
      readModel,
      fromSnapshot: flags.fromSnapshot === true,
      onFolded: (step) => check?.take(step),
    });
    const profile = view.state.profiles.get(profileId);
    if (profile === undefined)
      throw failed(
        'unknown-profile',
        `no record speaks of ${profileId}: partition ${partition} was folded to offset ${view.state.nextOffset - 1}`,
      );
    const agreement: Agreement =
      projected === null
        ? { verdict: 'not-configured' }
        : projected instanceof Error
          ? { verdict: 'unreachable', detail: projected.message }
          : view.begunAt > 0 || check === null
            ? { verdict: 'not-compared' }
            : check.verdict(view.state);
    const shown = profileView(view.state, profile);
    answer(io, flags, { ...shown, readModel: agreement }, () => profileLines(shown, agreement));
  } finally {
    log?.close();
    await readModel?.close();
  }
};

/** A read model that is away hides nothing: the log is what counts. */
const projectedOf = (
  readModel: ReadModel,
  profileId: string,
  partition: number,
): Promise<ProjectedProfile | Error> =>
  readModel
    .profile(profileId, partition)
    .catch((error: unknown) => (error instanceof Error ? error : new Error(messageOf(error))));
