import type { DenialReason, EventOf, Holder, Lifecycle } from '@profile-warden/events';
import type { Case } from './owed.ts';
import { stepsSince } from './history.ts';
import { isOwned, silentAtLogMs } from './silence.ts';
import type { LeaseRequest, ProfileState } from './state.ts';

export type Denial = Omit<EventOf<'LeaseDenied'>, 'epoch'>;
export type Grant = Omit<EventOf<'LeaseGranted'>, 'epoch'>;

/** The first request in line that may have the profile now. */
export const admission = (one: Case): Grant | null => {
  for (const request of one.profile.requests) {
    if (finalObjection(one, request) !== null || objection(one, request) !== null) continue;
    return grant(one, request);
  }
  return null;
};

const grant = ({ profile, policy }: Case, request: LeaseRequest): Grant => {
  const { stage, history } = profile;
  const checkpoint = stage.kind === 'resume-pending' ? stage.checkpoint : null;
  const { workerId, incarnation, hostId, taskId, requestId, intent } = request;
  return {
    type: 'LeaseGranted',
    token: profile.highestToken + 1,
    requestId,
    holder: { workerId, incarnation, hostId, taskId },
    intent,
    leaseMs: policy.leaseMs,
    maxRuntimeMs: Math.min(request.maxRuntimeMs ?? policy.maxRuntimeMs, policy.maxRuntimeCapMs),
    resumeFrom:
      checkpoint === null
        ? null
        : {
            checkpoint: { name: checkpoint.name, stored: checkpoint.stored },
            stepsSince: stepsSince(history, checkpoint).map(({ offset: _offset, ...step }) => step),
          },
  };
};

/** Why the request must be denied however long it waits; null where waiting may help. */
const finalObjection = ({ state, profile, policy }: Case, request: LeaseRequest): DenialReason | null => {
  const worker = state.workers.get(request.workerId);
  if (worker !== undefined && worker.incarnation !== request.incarnation && worker.offset > request.offset)
    return 'superseded';
  const known = profile.registration;
  // Before anything is said about the holder, which may be the same process at work for another tenant.
  if (known !== null && known.tenant !== null && request.tenant !== known.tenant) return 'wrong-tenant';
  if (isOwned(profile) && profile.lease?.incarnation === request.incarnation) return 'already-yours';
  if (!['fresh', 'resume', 'inspect'].includes(request.intent)) return 'invalid-request';
  if (state.hosts.get(request.hostId)?.status === 'draining') return 'host-draining';
  if (known === null) return policy.registrationRequired ? 'not-registered' : null;
  if (known.homeHost !== null && !known.sharedStorage && request.hostId !== known.homeHost)
    return 'wrong-host';
  const isElsewhere =
    known.directory !== null &&
    request.profileDirectory !== null &&
    request.profileDirectory !== known.directory;
  return isElsewhere ? 'wrong-directory' : null;
};

/** Why the request cannot have the profile as it stands; null where it can. */
const objection = ({ profile }: Case, request: LeaseRequest): DenialReason | null => {
  const { stage } = profile;
  switch (stage.kind) {
    case 'available':
      return request.intent === 'fresh'
        ? null
        : request.intent === 'resume'
          ? 'nothing-to-resume'
          : 'nothing-to-inspect';
    case 'resume-pending':
      return resumeObjection(profile, stage.taskId, request);
    case 'manual-review':
      return request.intent === 'inspect' ? null : 'in-review';
    case 'inspected':
      return 'in-recovery';
    default:
      return stage.kind;
  }
};

/** A resume goes on where the task was: same task, same proxy, same directory, no older browser. */
const resumeObjection = (
  profile: ProfileState,
  taskId: string,
  request: LeaseRequest,
): DenialReason | null => {
  if (request.intent !== 'resume') return 'resume-pending';
  if (request.taskId !== taskId) return 'wrong-task';
  const { origin } = profile.history;
  if (origin !== null && request.proxyId !== origin.proxyId) return 'proxy-mismatch';
  const isShared = profile.registration?.sharedStorage === true;
  if (origin !== null && !isShared && request.hostId !== origin.hostId) return 'storage-mismatch';
  if (
    origin?.directory != null &&
    request.profileDirectory !== null &&
    request.profileDirectory !== origin.directory
  )
    return 'storage-mismatch';
  return isOlderBrowser(profile, request) ? 'browser-older' : null;
};

/** A version that is not told, or cannot be read, is not known to be new enough. */
const isOlderBrowser = ({ lastBrowser }: ProfileState, request: LeaseRequest): boolean => {
  if (lastBrowser === null) return false;
  if (lastBrowser.kind !== request.browserKind) return true;
  const major = (version: string | null): number => Number.parseInt(version ?? '', 10);
  return !(major(request.browserVersion) >= major(lastBrowser.version));
};

/** All denials that are due: final objections, requests that may not wait (any longer), and those behind the bound. */
export const denialsOwed = (one: Case): readonly Denial[] => {
  const { state, profile, policy } = one;
  const denials: Denial[] = [];
  let waiting = 0;
  for (const request of profile.requests) {
    const final = finalObjection(one, request);
    const reason = final ?? objection(one, request);
    if (reason === null) continue;
    if (final !== null || state.logMs >= request.logMs + request.waitMs)
      denials.push(denial(one, request, reason));
    else if (waiting >= policy.maxWaiters) denials.push(denial(one, request, 'too-many-waiters'));
    else waiting += 1;
  }
  return denials;
};

const denial = ({ state, profile, policy }: Case, request: LeaseRequest, reason: DenialReason): Denial => {
  const { lease, stage } = profile;
  const holder: Holder | null =
    lease === null
      ? null
      : {
          workerId: lease.workerId,
          incarnation: lease.incarnation,
          hostId: lease.hostId,
          taskId: lease.taskId,
        };
  const retryAfterMs =
    lease !== null && (isOwned(profile) || stage.kind === 'quarantined')
      ? Math.max(policy.tickEveryMs, silentAtLogMs(lease, profile.pulse) - state.logMs)
      : stage.kind === 'inspected' || reason === 'resume-pending' || reason === 'too-many-waiters'
        ? policy.tickEveryMs
        : 0;
  return {
    type: 'LeaseDenied',
    requestId: request.requestId,
    reason,
    state: stage.kind satisfies Lifecycle,
    holder,
    token: profile.token === 0 ? null : profile.token,
    since: profile.since.brokerMs,
    nextAction: NEXT_ACTION[reason],
    retryAfterMs,
  };
};

const NEXT_ACTION: Record<DenialReason, string> = {
  UNKNOWN: 'Upgrade the SDK: this reason is newer than it.',
  held: 'Wait, or ask again after retryAfterMs; the holder is alive.',
  'suspected-stale': 'Wait: the holder is silent and will come back or be quarantined.',
  quarantined: 'Wait: the profile is being recovered.',
  'in-recovery': 'Wait: evidence is in, the decision is due.',
  'resume-pending':
    'Ask with intent resume and the task that was interrupted, or wait for the resume window to end.',
  'in-review': 'A person must decide: see `warden reviews`.',
  retired: 'Nothing: it is out of service. A person can reopen it with `warden review resolve`.',
  'already-yours': 'Go on with the lease you hold; its token is in this answer.',
  superseded: 'Nothing: a newer run of this worker has started.',
  'wrong-task': 'Only the interrupted task may resume; ask with its taskId.',
  'proxy-mismatch': 'Resume through the proxy that the task used.',
  'storage-mismatch': 'Resume on the host and directory that the task used.',
  'browser-older':
    'Resume with the browser that last wrote the profile, or a newer one, and say its version.',
  'nothing-to-resume': 'Ask with intent fresh: there is no interrupted task.',
  'nothing-to-inspect': 'Ask with intent fresh: the profile is not in review.',
  'not-registered': 'Register the profile first: `warden profile register`.',
  'wrong-tenant': 'Ask on behalf of the tenant that owns the profile.',
  'wrong-host': 'Ask from the host that keeps the profile.',
  'wrong-directory': 'Open the directory that the profile is registered with.',
  'host-draining': 'Ask from another host: this one is being drained.',
  'too-many-waiters': 'Ask again later: too many requests wait for this profile.',
  'invalid-request': 'Ask with intent fresh, resume or inspect.',
};
