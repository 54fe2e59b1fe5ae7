import { silentOnHost, type Case } from '@profile-warden/domain';
import type { Findings } from '@profile-warden/events';

export type LogFindings = Pick<
  Findings,
  | 'lastUrl'
  | 'lastStep'
  | 'openSteps'
  | 'checkpoint'
  | 'checkpointAgeMs'
  | 'screenshotUri'
  | 'proxyId'
  | 'lateReportCount'
  | 'refusedWriteCount'
  | 'silentOnHostCount'
>;

/** What the log alone tells about the case. */
export const logFindings = (one: Case): LogFindings => {
  const { state, profile } = one;
  const { history, pulse, lease } = profile;
  const checkpoint = history.checkpoints.at(-1) ?? null;
  return {
    lastUrl: history.lastStep?.url ?? null,
    lastStep: history.lastStep?.name ?? null,
    openSteps: history.openSteps.map((step) => step.name),
    checkpoint: checkpoint?.name ?? null,
    checkpointAgeMs: checkpoint === null ? null : state.logMs - checkpoint.logMs,
    screenshotUri: history.screenshot?.uri ?? null,
    proxyId: history.lastStep?.proxyId ?? lease?.request?.proxyId ?? null,
    lateReportCount: pulse?.lateReportCount ?? 0,
    refusedWriteCount: pulse?.refusedWriteCount ?? 0,
    silentOnHostCount: silentOnHost(one),
  };
};
