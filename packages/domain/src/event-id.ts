import type { WardenEvent } from '@profile-warden/events';

/**
 * The `ce_id` of an event that a service owes: the same obligation always gets the same id, so that a reader of the log
 * sees what a crash made twice. `scope` is the profile, or the partition for records without one.
 */
export const eventId = (scope: string | number, event: WardenEvent): string => {
  const parts = distinction(event);
  return `${event.type}/${scope}${parts.map((part) => `/${String(part)}`).join('')}`;
};

const distinction = (event: WardenEvent): readonly (string | number | null)[] => {
  switch (event.type) {
    case 'LeaseGranted':
    case 'LeaseDenied':
      return [event.requestId];
    case 'LeaseReleased':
      return [event.token];
    case 'SuspicionCleared':
      return [event.token, event.heartbeatOffset];
    case 'StopRequested':
      return [event.token, event.reason];
    case 'Quarantined':
    case 'ResumeExpired':
      return [event.token, event.round];
    case 'StaleTokenRejected':
      return [event.presentedToken, event.presentedOffset];
    case 'SuspectedStale':
      return [event.token, event.cause, event.basedOn];
    case 'MassSilence':
      return [event.untilLogMs];
    case 'FenceConfirmed':
      return [event.token, event.target];
    case 'EvidenceCollected':
      return [event.token, event.round, event.attempt];
    case 'Decided':
      return [event.token, event.round, event.basedOn];
    default:
      throw new TypeError(`${event.type} is no obligation of a service: its writer names it`);
  }
};
