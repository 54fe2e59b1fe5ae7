import { snapshotOf, type PartitionState, type ProfileState } from '@profile-warden/domain';
import type { LogRecord } from '@profile-warden/events';
import type { ArchiveRow, ProfileRow } from '@profile-warden/postgres';

export const profileRowOf = (profile: ProfileState, nextOffset: number): ProfileRow => ({
  profileId: profile.profileId,
  lifecycle: profile.stage.kind,
  token: profile.token,
  sinceOffset: profile.since.offset,
  sinceAt: profile.since.brokerMs,
  foldedOffset: nextOffset - 1,
  state: JSON.stringify(profile),
});

export const partitionText = (state: PartitionState): string => JSON.stringify(snapshotOf(state));

const UNARCHIVED: ReadonlySet<string> = new Set(['Heartbeat', 'ClockTicked']);

/** The record for the archive; null for the two kinds of which there are too many. */
export const archiveRowOf = (record: LogRecord): ArchiveRow | null =>
  UNARCHIVED.has(record.event.type)
    ? null
    : {
        offset: record.offset,
        brokerAt: record.brokerMs,
        profileId: record.profileId,
        type: record.event.type,
        eventId: record.id,
        body: JSON.stringify(record.event),
      };
