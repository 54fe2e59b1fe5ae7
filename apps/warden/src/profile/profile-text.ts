import { logTime, span } from '../format/time.ts';
import type { Agreement } from '../read-model/agreement.ts';
import type { ProfileView } from './profile-view.ts';

const row = (name: string, text: string): string => `${name.padEnd(12)}${text}`;

export const profileLines = (view: ProfileView, agreement: Agreement): string[] => [
  row('profile', `${view.profileId}, partition ${view.partition}, folded to offset ${view.foldedOffset}`),
  row('stage', stageText(view)),
  row(
    'since',
    `offset ${view.since.offset}, ${view.since.at}, log time ${logTime(view.since.logMs)} (${span(view.since.ageMs)} of log time ago)`,
  ),
  row('token', tokenText(view)),
  ...holderLines(view),
  ...evidenceLines(view),
  ...view.openSteps.map(({ stepId, name, kind, token, offset }) =>
    row('open step', `${stepId} (${name}, ${kind}) of token ${token}, offset ${offset}`),
  ),
  ...(view.openOverflow ? [row('open step', 'and more than are kept')] : []),
  ...historyLines(view),
  ...warningLines(view),
  ...view.waiting.map((one) =>
    row(
      'waiting',
      `${one.requestId} of worker ${one.workerId} on ${one.hostId}, task ${one.taskId}, intent ${one.intent}, offset ${one.offset}, ${span(one.leftMs)} left`,
    ),
  ),
  row('log time', logTime(view.logMs)),
  row('next', view.next.text),
  ...(view.next.command === null ? [] : [row('', view.next.command)]),
  row('read model', agreementText(agreement)),
];

const tokenText = ({ token, round, highestToken }: ProfileView): string =>
  token === 0
    ? 'none yet'
    : `${token}, round ${round}${highestToken > token ? ` (${highestToken} was used up by a grant without effect)` : ''}`;

const stageText = ({ stage, why }: ProfileView): string => {
  const parts = Object.entries(why)
    .filter(([, value]) => typeof value !== 'object' || value.length > 0)
    .map(([name, value]) => `${name} ${typeof value === 'object' ? value.join('; ') : value}`);
  return parts.length === 0 ? stage : `${stage}: ${parts.join(', ')}`;
};

const holderLines = ({ holder }: ProfileView): string[] => {
  if (holder === null) return [row('holder', 'none, it was never leased')];
  const heard =
    holder.lastReport === null
      ? 'nothing was heard of it'
      : `last report ${span(holder.lastReport.agoMs)} of log time ago, offset ${holder.lastReport.offset}`;
  const lines = [
    row(
      holder.holds ? 'holder' : 'last holder',
      `worker ${holder.workerId} (${holder.incarnation}) on host ${holder.hostId}, task ${holder.taskId}, intent ${holder.intent}, granted at offset ${holder.grantedOffset}`,
    ),
    row(
      '',
      `${heard}${holder.browser === null ? '' : `, browser ${holder.browser}`}; ` +
        (holder.silentInMs === 0
          ? 'a correct holder has stopped by now'
          : `may believe in its lease for ${span(holder.silentInMs)} more`),
    ),
  ];
  if (holder.lateReportCount + holder.refusedWriteCount > 0)
    lines.push(row('', `${holder.lateReportCount} late reports, ${holder.refusedWriteCount} refused writes`));
  return lines;
};

const evidenceLines = ({ evidence }: ProfileView): string[] => {
  if (evidence === null) return [];
  const { findings, attempt, complete, offset } = evidence;
  return [
    row('evidence', `attempt ${attempt}${complete ? '' : ', incomplete'}, offset ${offset}`),
    row(
      '',
      `browser alive ${findings.browserAlive.value}, worker alive ${findings.workerAlive.value}, same boot ${findings.sameBoot.value}`,
    ),
  ];
};

const historyLines = ({ lastStep, checkpoint, registration }: ProfileView): string[] => [
  ...(lastStep === null
    ? []
    : [
        row(
          'last step',
          `${lastStep.stepId} (${lastStep.name}, ${lastStep.kind})${lastStep.url === null ? '' : ` at ${lastStep.url}`}, offset ${lastStep.offset}`,
        ),
      ]),
  ...(checkpoint === null
    ? []
    : [row('checkpoint', `${checkpoint.name}, kept on ${checkpoint.stored}, offset ${checkpoint.offset}`)]),
  ...(registration === null
    ? []
    : [
        row(
          'registered',
          [
            registration.tenant === null ? null : `tenant ${registration.tenant}`,
            registration.homeHost === null ? null : `home host ${registration.homeHost}`,
            registration.sharedStorage ? 'shared storage' : null,
            registration.directory,
            registration.labels.length === 0 ? null : `labels ${registration.labels.join(' ')}`,
            `by ${registration.registeredBy}`,
          ]
            .filter((part) => part !== null)
            .join(', '),
        ),
      ]),
];

const warningLines = ({
  operatorRequest,
  dualUse,
  reappearedOffset,
  unreadableOffset,
}: ProfileView): string[] => [
  ...(operatorRequest === null
    ? []
    : [
        row(
          'operator',
          `${operatorRequest.operator} asked for quarantine at offset ${operatorRequest.offset}: ${operatorRequest.reason}`,
        ),
      ]),
  ...(dualUse === null
    ? []
    : [
        row('dual use', `step ${dualUse.stepId} of token ${dualUse.token}, seen at offset ${dualUse.offset}`),
      ]),
  ...(reappearedOffset === null
    ? []
    : [row('reappeared', `the last holder spoke again at offset ${reappearedOffset}`)]),
  ...(unreadableOffset === null ? [] : [row('unreadable', `the record at offset ${unreadableOffset}`)]),
];

const agreementText = (agreement: Agreement): string => {
  switch (agreement.verdict) {
    case 'not-configured':
      return 'not configured (--database-url)';
    case 'not-compared':
      return 'not compared: the fold was begun from it';
    case 'unreachable':
      return `not reachable: ${agreement.detail}`;
    case 'behind':
      return `not there yet: folded to offset ${agreement.foldedOffset}, ${agreement.behindBy} behind`;
    case 'agrees':
      return `agrees, folded to offset ${agreement.foldedOffset}${agreement.behindBy === 0 ? '' : `, ${agreement.behindBy} behind`}`;
    case 'differs':
      return `DIFFERS, folded to offset ${agreement.foldedOffset}: ${agreement.detail}`;
  }
};
