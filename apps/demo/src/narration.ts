import type { RecordBody } from '@profile-warden/events';
import type { Told } from './story.ts';

/** One line for a record, or null where it is not worth one. */
export const lineOf = ({ record, folded, logMs }: Told, tellsBeats = false): string | null => {
  if (record.profileId === null) return null;
  if (record.event.type === 'Heartbeat' && !tellsBeats && (folded === 'beat' || folded === 'applied'))
    return null;
  const where = `p${record.partition}@${record.offset}`.padEnd(7);
  const when = `log ${(logMs / 1000).toFixed(2)}s`.padStart(11);
  const ignored = folded === 'applied' || folded === 'beat' ? '' : `   [ignored: ${folded}]`;
  return `${where} ${when}  ${record.profileId.padEnd(18)} ${sentence(record.event)}${ignored}`;
};

const sentence = (event: RecordBody): string => {
  switch (event.type) {
    case 'LeaseRequested':
      return `${event.workerId} asks for the profile (${event.intent}, task ${event.taskId})`;
    case 'LeaseGranted':
      return `token ${event.token} is granted to ${event.holder.workerId}${
        event.resumeFrom === null ? '' : `, to resume from "${event.resumeFrom.checkpoint.name}"`
      }`;
    case 'LeaseDenied':
      return `denied: ${event.reason}, held by ${event.holder?.workerId ?? 'nobody'}. ${event.nextAction}`;
    case 'StepStarted':
      return `token ${event.token} begins "${event.name}" (${event.kind})`;
    case 'StepCompleted':
      return `token ${event.token} ends it: ${event.outcome}${
        event.checkpoint === null
          ? ''
          : `, checkpoint "${event.checkpoint.name}" on the ${event.checkpoint.stored}`
      }`;
    case 'Heartbeat':
      return `token ${event.token} beats (browser ${event.browser})`;
    case 'SuspectedStale':
      return `SUSPECTED: ${event.cause}, silent for ${event.silenceMs} ms; the token stays valid`;
    case 'SuspicionCleared':
      return `cleared: the holder was heard again (heartbeat @${event.heartbeatOffset})`;
    case 'Quarantined':
      return `QUARANTINED: ${event.cause}; token ${event.token} is revoked, nobody may enter (round ${event.round})`;
    case 'FenceConfirmed':
      return `fenced: nothing with token ${event.token} can commit at "${event.target}" any more`;
    case 'EvidenceCollected':
      return `evidence ${event.attempt}: worker alive ${event.findings.workerAlive.value}, browser alive ${event.findings.browserAlive.value}, last step "${event.findings.lastStep ?? 'none'}"`;
    case 'Decided':
      return `DECIDED: ${event.outcome} by rule ${event.rule} (${event.reasons.join('; ')})`;
    case 'StaleTokenRejected':
      return `rejected: ${event.presented} with token ${event.presentedToken}, which is no longer valid`;
    case 'ReleaseRequested':
      return `token ${event.token} gives the profile back (${event.outcome}, browser closed: ${event.browserClosed})`;
    case 'LeaseReleased':
      return `token ${event.token} is released`;
    case 'WriteRefused':
      return `the account service refused a write with token ${event.presentedToken} (${event.sqlState})`;
    default:
      return event.type;
  }
};
