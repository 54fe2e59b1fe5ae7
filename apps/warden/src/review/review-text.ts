import { span } from '../format/time.ts';
import type { ReviewRow } from './review-row.ts';

export const reviewLines = (row: ReviewRow): string[] => {
  const lines = [
    `${row.profileId}  ${row.stage}  token ${row.token}  round ${row.round}  partition ${row.partition}`,
    `  since   ${row.sinceAt}, offset ${row.sinceOffset}, for ${span(row.ageMs)} of log time`,
  ];
  if (row.rule !== null)
    lines.push(`  rule    ${row.rule}${row.cause === null ? '' : `, cause ${row.cause}`}`);
  for (const reason of row.reasons) lines.push(`          ${reason}`);
  if (row.holder !== null)
    lines.push(
      `  holder  worker ${row.holder.workerId} on host ${row.holder.hostId}, task ${row.holder.taskId}`,
    );
  if (row.openSteps.length > 0 || row.openOverflow)
    lines.push(
      `  open    ${row.openSteps.map(({ stepId, name, kind }) => `${stepId} (${name}, ${kind})`).join(', ')}` +
        (row.openOverflow ? ', and more than are kept' : ''),
    );
  if (row.holderSilentInMs > 0)
    lines.push(
      `  wait    ${row.holderSilentInMs} ms of log time, then it may be freed; it may be retired now`,
    );
  lines.push(`  resolve ${row.command}`);
  return lines;
};
