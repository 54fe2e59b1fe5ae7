import type { EventOf, EventType, RecordBody } from '@profile-warden/events';
import { span } from '../format/time.ts';

type Texts = { readonly [K in EventType]: (event: EventOf<K>) => string };

const optional = (text: string | null, wrap: (text: string) => string): string =>
  text === null ? '' : wrap(text);

/** One line an event: who did what, and on which grounds. */
const TEXTS: Texts = {
  ProfileRegistered: ({ registeredBy, tenant, homeHost, sharedStorage, labels }) =>
    `registered by ${registeredBy}${optional(tenant, (one) => `, tenant ${one}`)}${optional(homeHost, (one) => `, home host ${one}`)}` +
    `${sharedStorage ? ', shared storage' : ''}${labels.length === 0 ? '' : `, labels ${labels.join(' ')}`}`,
  WorkerStarted: ({ workerId, incarnation, hostId }) =>
    `worker ${workerId} started as ${incarnation} on ${hostId}`,
  HostReported: ({ hostId, status, reportedBy, reason }) =>
    `host ${hostId} is ${status}, says ${reportedBy}${optional(reason, (one) => `: ${one}`)}`,
  LeaseRequested: ({ requestId, workerId, hostId, taskId, intent, waitMs }) =>
    `request ${requestId} by worker ${workerId} on ${hostId} for task ${taskId}, intent ${intent}, waits ${span(waitMs)}`,
  Heartbeat: ({ seq, browser, loopLagMs }) =>
    `heartbeat ${seq}, browser ${browser}${loopLagMs > 0 ? `, loop lag ${span(loopLagMs)}` : ''}`,
  StepStarted: ({ stepId, name, kind, repeatable, final, url }) =>
    `step ${stepId} started: ${name}, ${kind}${repeatable ? ', repeatable' : ''}${final ? ', final' : ''}${optional(url, (one) => `, ${one}`)}`,
  StepCompleted: ({ stepId, outcome, checkpoint }) =>
    `step ${stepId} ended: ${outcome}${checkpoint === null ? '' : `, checkpoint ${checkpoint.name} on ${checkpoint.stored}`}`,
  SilenceAnnounced: ({ silenceMs }) => `silence of up to ${span(silenceMs)} announced`,
  ReleaseRequested: ({ outcome, browserClosed }) =>
    `release asked for: ${outcome}, browser close ${browserClosed}`,
  WriteRefused: ({ target, presentedToken, knownToken, sqlState }) =>
    `write with token ${presentedToken} refused at ${target} by ${sqlState}${knownToken === null ? '' : `, which knows token ${knownToken}`}`,
  AuthorityEpochStarted: ({ instanceId }) => `authority ${instanceId} took over`,
  LeaseGranted: ({ holder, requestId, intent, leaseMs, resumeFrom }) =>
    `granted to worker ${holder.workerId} (${holder.incarnation}) on ${holder.hostId} for task ${holder.taskId}, request ${requestId}, ` +
    `intent ${intent}, lease ${span(leaseMs)}${resumeFrom === null ? '' : `, from checkpoint ${resumeFrom.checkpoint.name}`}`,
  LeaseDenied: ({ requestId, reason, state }) =>
    `request ${requestId} denied: ${reason}, the profile is ${state}`,
  LeaseReleased: ({ round }) => (round === null ? 'released' : `inspection ended, round ${round}`),
  SuspicionCleared: ({ heartbeatOffset }) =>
    `suspicion cleared by the heartbeat at offset ${heartbeatOffset}`,
  StopRequested: ({ reason, graceMs }) => `told to stop: ${reason}, within ${span(graceMs)}`,
  Quarantined: ({ round, cause, suspicionOffset, fenceTargets }) =>
    `quarantined, round ${round}: ${cause}${suspicionOffset === null ? '' : `, suspicion at offset ${suspicionOffset}`}` +
    `${fenceTargets.length === 0 ? '' : `, fences ${fenceTargets.join(', ')}`}; the token is revoked`,
  StaleTokenRejected: ({ presentedToken, currentToken, presented, presentedOffset }) =>
    `${presented} with token ${presentedToken} at offset ${presentedOffset} rejected, current is ${currentToken}`,
  ResumeExpired: ({ round }) => `nobody resumed in time, round ${round}`,
  ClockTicked: ({ intervalMs }) => `tick of ${span(intervalMs)}`,
  SuspectedStale: ({ cause, basedOn, silenceMs }) =>
    `suspected: ${cause}, ${span(silenceMs)} silent${basedOn === null ? '' : `, based on offset ${basedOn}`}`,
  MassSilence: ({ held, silent }) => `mass silence: ${silent} of ${held} leases; nobody is suspected for now`,
  FenceConfirmed: ({ target }) => `fence confirmed at ${target}: nothing can be written there with the token`,
  EvidenceCollected: ({ round, attempt, complete, basedOn, hostId, findings }) =>
    `evidence, round ${round}, attempt ${attempt}${complete ? '' : ', incomplete'}, by host ${hostId}, based on offset ${basedOn}: ` +
    `browser alive ${findings.browserAlive.value}, worker alive ${findings.workerAlive.value}`,
  Decided: ({ round, outcome, rule, reasons }) =>
    `decided, round ${round}: ${outcome} by rule ${rule}${reasons.length === 0 ? '' : ` (${reasons.join('; ')})`}`,
  QuarantineRequested: ({ operator, reason }) => `${operator} asks for quarantine: ${reason}`,
  ReviewResolved: ({ round, outcome, reviewer, note, verdicts, checkpoint, basedOn }) =>
    `${reviewer} resolves round ${round} as ${outcome}, based on offset ${basedOn}: ${note}` +
    `${verdicts.map(({ stepId, verdict }) => `; ${stepId} ${verdict}`).join('')}${optional(checkpoint, (one) => `; from checkpoint ${one}`)}`,
};

export const eventText = (event: RecordBody): string => {
  if (event.type === 'foreign') return `no record of ours: ${event.detail}`;
  if (event.type === 'undecodable') return `${event.claimedType} that cannot be decoded: ${event.detail}`;
  return (TEXTS[event.type] as (event: RecordBody) => string)(event);
};

export const tokenOfEvent = (event: RecordBody): number | null =>
  'token' in event ? event.token : 'presentedToken' in event ? event.presentedToken : null;
