import type { EventOf } from '@profile-warden/events';
import { DEDUP_MS, MAX_ANSWERED } from '../bounds.ts';
import type { ProfileState } from '../state.ts';
import type { Step } from './step.ts';

export const leaseRequested: Step<EventOf<'LeaseRequested'>> = (at, profile, event) => {
  const { requestId } = event;
  if (profile.requests.some((request) => request.requestId === requestId)) return 'duplicate-request';
  if (
    profile.answered.some((answer) => answer.requestId === requestId && answer.logMs + DEDUP_MS >= at.logMs)
  )
    return 'duplicate-request';
  const request = { ...event, offset: at.offset, logMs: at.logMs };
  return { ...profile, requests: [...profile.requests, request] };
};

/** Takes the request off the queue and remembers that it was answered, for `DEDUP_MS` of log time. */
export const answered = (profile: ProfileState, requestId: string, logMs: number): ProfileState => ({
  ...profile,
  requests: profile.requests.filter((request) => request.requestId !== requestId),
  answered: [
    ...profile.answered.filter((answer) => answer.logMs + DEDUP_MS >= logMs).slice(-(MAX_ANSWERED - 1)),
    { requestId, logMs },
  ],
});
