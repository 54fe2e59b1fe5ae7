import type { ProfileState } from '@profile-warden/domain';
import { partitionOf } from '@profile-warden/kafka';
import { viewPartition, type PartitionView } from '../log/partition-view.ts';
import { WardenLog } from '../log/warden-log.ts';
import type { Io } from '../io.ts';
import { ReadModel } from '../read-model/read-model.ts';
import { databaseUrl, logSettings, type ConnectionFlags } from '../settings.ts';

/** One profile with its partition folded to the present end, and the log still open for what comes next. */
export interface OpenProfile {
  readonly log: WardenLog;
  readonly view: PartitionView;
  /** Undefined where no record speaks of it. */
  readonly profile: ProfileState | undefined;
}

export interface ProfileFlags extends ConnectionFlags {
  readonly fromSnapshot?: boolean;
}

export const withProfile = async (
  profileId: string,
  flags: ProfileFlags,
  io: Io,
  work: (open: OpenProfile) => Promise<void>,
): Promise<void> => {
  const settings = logSettings(flags, io.env);
  const url = databaseUrl(flags, io.env);
  const log = await WardenLog.open(settings);
  const readModel = url === null ? null : new ReadModel(url);
  try {
    const view = await viewPartition(log, {
      partition: partitionOf(profileId, settings.partitionCount),
      readModel,
      fromSnapshot: flags.fromSnapshot === true,
    });
    await work({ log, view, profile: view.state.profiles.get(profileId) });
  } finally {
    log.close();
    await readModel?.close();
  }
};
