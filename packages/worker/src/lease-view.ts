import type { EventOf, LogRecord, ResumePoint, Intent, StopReason } from '@profile-warden/events';
import type { Denial, LossCause } from './errors.ts';

export interface Grant {
  readonly token: number;
  readonly epoch: number;
  readonly offset: number;
  readonly intent: Intent;
  readonly leaseMs: number;
  readonly maxRuntimeMs: number;
  readonly resumeFrom: ResumePoint | null;
}

export interface Stop {
  readonly reason: StopReason;
  readonly graceMs: number;
}

interface Known {
  readonly requestId: string;
  /** Highest authority epoch known of the partition; what an older one decided is void. -1 where none is known. */
  readonly epoch: number;
}

/**
 * What the log says about one request and the lease it led to.
 *
 *   requested → denied               `LeaseDenied` with the request's id
 *   requested → held                 `LeaseGranted` with the request's id
 *   held → released                  `LeaseReleased` with the token
 *   held → lost                      `Quarantined`, `ResumeExpired` or `StaleTokenRejected` with the token, a grant
 *                                    with a higher token, or a barrier that lies between the grant's epoch and the
 *                                    grant: a fenced authority wrote it
 *
 * Denied, released and lost are final. Authority events of an epoch older than the last known are ignored.
 */
export type LeaseView =
  | (Known & { readonly status: 'requested' })
  | (Known & { readonly status: 'denied'; readonly denial: Denial })
  | (Known & { readonly status: 'held'; readonly grant: Grant; readonly stop: Stop | null })
  | (Known & { readonly status: 'released'; readonly grant: Grant })
  | (Known & {
      readonly status: 'lost';
      readonly grant: Grant;
      readonly cause: LossCause;
      readonly detail: string;
    });

export const startView = (requestId: string, epoch: number): LeaseView => ({
  status: 'requested',
  requestId,
  epoch,
});

/** The epoch that a record makes known about its partition, or null. */
export const epochKnownBy = ({ event, offset }: LogRecord): number | null => {
  if (event.type === 'AuthorityEpochStarted') return offset;
  return event.type === 'ClockTicked' ? event.epoch : null;
};

/** Folds one record of the request's profile, or one without a profile of its partition. Pure, and without a clock. */
export const foldView = (view: LeaseView, record: LogRecord): LeaseView => {
  const epoch = epochKnownBy(record);
  if (epoch !== null) return withEpoch(view, epoch);
  const { event } = record;
  switch (event.type) {
    case 'LeaseGranted':
      return event.epoch < view.epoch ? view : granted(view, event, record.offset);
    case 'LeaseDenied':
      return event.epoch < view.epoch ? view : denied(view, event);
    case 'LeaseReleased':
    case 'StopRequested':
    case 'Quarantined':
    case 'ResumeExpired':
      return event.epoch < view.epoch || view.status !== 'held' || event.token !== view.grant.token
        ? view
        : ended(view, event);
    case 'StaleTokenRejected':
      return event.epoch < view.epoch || view.status !== 'held' || event.presentedToken !== view.grant.token
        ? view
        : lost(
            view,
            'stale-token',
            `a ${event.presented} was refused, the token is ${event.currentToken} by now`,
          );
    default:
      return view;
  }
};

type Held = Extract<LeaseView, { status: 'held' }>;

const lost = ({ requestId, epoch, grant }: Held, cause: LossCause, detail: string): LeaseView => ({
  status: 'lost',
  requestId,
  epoch,
  grant,
  cause,
  detail,
});

/** A view that knows of this epoch too; epochs only grow. */
export const withEpoch = (view: LeaseView, epoch: number): LeaseView => {
  if (epoch <= view.epoch) return view;
  const next = { ...view, epoch };
  // Only a reader that joined after the barrier learns of it this late.
  return next.status === 'held' && next.grant.epoch < epoch && epoch < next.grant.offset
    ? lost(next, 'grant-void', `an authority of epoch ${next.grant.epoch} granted it after barrier ${epoch}`)
    : next;
};

const granted = (view: LeaseView, event: EventOf<'LeaseGranted'>, offset: number): LeaseView => {
  if (view.status === 'held')
    return event.token > view.grant.token
      ? lost(view, 'superseded', `token ${event.token} was granted to ${event.holder.workerId}`)
      : view;
  if (view.status !== 'requested' || event.requestId !== view.requestId) return view;
  const { token, epoch, intent, leaseMs, maxRuntimeMs, resumeFrom } = event;
  const grant = { token, epoch, offset, intent, leaseMs, maxRuntimeMs, resumeFrom };
  return { status: 'held', requestId: view.requestId, epoch, grant, stop: null };
};

const denied = (view: LeaseView, event: EventOf<'LeaseDenied'>): LeaseView => {
  if (view.status !== 'requested' || event.requestId !== view.requestId) return view;
  const { reason, state, holder, token, since, nextAction, retryAfterMs } = event;
  const denial = { reason, state, holder, token, since, nextAction, retryAfterMs };
  return { status: 'denied', requestId: view.requestId, epoch: view.epoch, denial };
};

const ended = (
  view: Held,
  event:
    EventOf<'LeaseReleased'> | EventOf<'StopRequested'> | EventOf<'Quarantined'> | EventOf<'ResumeExpired'>,
): LeaseView => {
  switch (event.type) {
    case 'StopRequested':
      return view.stop === null ? { ...view, stop: { reason: event.reason, graceMs: event.graceMs } } : view;
    case 'LeaseReleased':
      return { status: 'released', requestId: view.requestId, epoch: view.epoch, grant: view.grant };
    case 'Quarantined':
      return lost(view, 'quarantined', `quarantined: ${event.cause}`);
    case 'ResumeExpired':
      return lost(view, 'resume-expired', 'its profile already waits for a person');
  }
};
