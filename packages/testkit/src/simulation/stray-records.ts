import type { LogRecord, WardenEvent } from '@profile-warden/events';
import type { MemoryLog } from '../memory/index.ts';
import { beat, evidence, fenceConfirmed, quarantineRequested } from '../spec/index.ts';
import { NOBODY, type FaultKind } from './fault-kind.ts';

/** Never leased by anybody. */
const UNKNOWN_PROFILE = 'p-unknown';

const lastOf = <K extends WardenEvent['type']>(
  log: MemoryLog,
  profileId: string,
  type: K,
): Extract<WardenEvent, { type: K }> | null => {
  const isIt = (record: LogRecord): boolean => record.profileId === profileId && record.event.type === type;
  const found = log.committed(log.partitionOf(profileId)).records.findLast(isIt);
  return (found?.event as Extract<WardenEvent, { type: K }> | undefined) ?? null;
};

/** What a program writes that is confused about who it is, or where a case stands; none of it may have an effect. */
export const STRAY_RECORDS: Readonly<Record<string, FaultKind>> = {
  'stray record': {
    weight: 2.5,
    strike: ({ random, log, profileIds }) => {
      const profileId = random.pick(profileIds);
      const lease = lastOf(log, profileId, 'LeaseGranted');
      const round = lastOf(log, profileId, 'Quarantined')?.round ?? 1;
      const { basedOn = 0 } = lastOf(log, profileId, 'EvidenceCollected') ?? {};
      if (lease === null) return NOBODY;
      const { token } = lease;
      const { incarnation } = lease.holder;
      // Incomplete: a complete look that nobody made would be a lie, against which there is no defence.
      const look = { token, round, attempt: 1, complete: false };
      const [target, event] = random.pick<readonly [string, WardenEvent]>([
        [profileId, beat('reachable', { token: token + 7, incarnation })],
        [profileId, beat('reachable', { token, incarnation: 'nobody' })],
        [UNKNOWN_PROFILE, beat('reachable', { token: 1, incarnation })],
        [UNKNOWN_PROFILE, quarantineRequested(1)],
        [profileId, fenceConfirmed('nowhere', token)],
        [profileId, evidence(basedOn, look)],
        [profileId, evidence(basedOn, { ...look, round: round + 1 })],
      ]);
      const id = `stray-${log.partition(log.partitionOf(target)).end}`;
      log.write({ id, profileId: target, event });
      return `${event.type} for ${target}`;
    },
  },
};
