import type { Appender } from '@profile-warden/events';

/** Tells every partition that this host is up, and which boot it runs: cases that waited for it are looked at again. */
export const reportHost = async (
  appender: Appender,
  host: { readonly hostId: string; readonly bootId: string; readonly collectorId: string },
  partitionCount: number,
): Promise<void> => {
  const { hostId, bootId, collectorId } = host;
  await appender.append(
    Array.from({ length: partitionCount }, (_, partition) => ({
      id: `HostReported/${partition}/${collectorId}`,
      profileId: null,
      partition,
      event: { type: 'HostReported', hostId, bootId, status: 'up', reportedBy: collectorId, reason: null },
    })),
  );
};
