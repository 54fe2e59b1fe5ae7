import { isOwned, type ProfileState } from '@profile-warden/domain';
import type { EventOf } from '@profile-warden/events';

type WideEvent = EventOf<'WorkerStarted'> | EventOf<'HostReported'> | EventOf<'MassSilence'>;

/** Whether a record about a worker, a host or the whole partition can change what is owed to the profile. */
export const concerns = (profile: ProfileState, event: WideEvent): boolean => {
  if (event.type === 'MassSilence') return isOwned(profile);
  const { lease, requests } = profile;
  const workerId = event.type === 'WorkerStarted' ? event.workerId : null;
  return (
    lease?.hostId === event.hostId ||
    (workerId !== null && lease?.workerId === workerId) ||
    requests.some((one) => one.hostId === event.hostId || one.workerId === workerId)
  );
};
