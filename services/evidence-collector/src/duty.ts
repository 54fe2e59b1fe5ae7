import {
  collectorDeadline,
  holderVerdict,
  owedByCollector,
  type Case,
  type Look,
} from '@profile-warden/domain';
import type { EventOf, Findings } from '@profile-warden/events';
import type { Duty } from '@profile-warden/service';
import type { HostFindings, HostRequest } from './host/index.ts';
import { logFindings } from './log-findings.ts';
import { unreachableFindings } from './unreachable.ts';

/** What the meaning of the findings is; raised when a finding changes what it stands for. */
const FINDINGS_VERSION = 2;

export interface CollectorOptions {
  readonly collectorId: string;
  readonly hostId: string;
  /** `host`: cases of this host. `shared`: those on shared storage too. `any`: also speaks for hosts that are silent. */
  readonly scope: 'host' | 'shared' | 'any';
  /** Web servers that may be asked for a screenshot. Default none. */
  readonly screenshotOrigins?: readonly string[];
  readonly look: (request: HostRequest, signal: AbortSignal) => Promise<HostFindings>;
  readonly sleep: HostRequest['sleep'];
  /** Calendar time for display in the findings, epoch ms. */
  readonly wallNow: () => number;
}

/** Looks, read-only, at what a quarantined lease has left behind. */
export const collectorDuty = (options: CollectorOptions): Duty => ({
  gather: (view, profiles) =>
    profiles.flatMap((profile) => {
      const one = view.caseOf(profile);
      const due = owedByCollector(one);
      if (due === null || !isMine(one, due, options)) return [];
      const key = `${profile.profileId}/${due.token}/${due.round}/${due.attempt}`;
      // Fixed now: whatever is appended while the look is under way is behind it.
      const basedOn = view.state.nextOffset - 1;
      return [
        {
          scope: profile.profileId,
          key,
          run: async (signal) => evidenceOf(one, due, basedOn, options, await lookAt(one, options, signal)),
        },
      ];
    }),
  deadline: collectorDeadline,
});

const canSee = ({ profile }: Case, { hostId, scope }: CollectorOptions): boolean =>
  profile.lease?.hostId === hostId || (scope !== 'host' && profile.registration?.sharedStorage === true);

const isMine = (one: Case, due: Look, options: CollectorOptions): boolean =>
  canSee(one, options) || (options.scope === 'any' && due.isOverdue);

const lookAt = async (one: Case, options: CollectorOptions, signal: AbortSignal): Promise<HostFindings> => {
  const { lease, registration, history, token } = one.profile;
  if (lease === null || !canSee(one, options))
    return unreachableFindings(lease?.hostId ?? 'unknown', options.wallNow());
  const { request } = lease;
  return options.look(
    {
      hostId: lease.hostId,
      myHostId: options.hostId,
      leaseBootId: request?.bootId ?? '',
      worker: {
        pid: request?.pid ?? 0,
        processStart: request?.processStart ?? 0,
        pidNamespace: request?.pidNamespace ?? '',
      },
      directory: request?.profileDirectory ?? registration?.directory ?? null,
      directoryIdentity: identityIn(request?.profileDirectoryId ?? null),
      storageShared: registration?.sharedStorage ?? false,
      browserKind: request?.browserKind ?? 'UNKNOWN',
      screenshot: history.screenshot,
      screenshotOrigins: options.screenshotOrigins ?? [],
      firstLease: token === 1,
      settleMs: one.policy.settleMs,
      timeLimitMs: one.policy.collectorTimeoutMs,
      now: options.wallNow,
      sleep: options.sleep,
    },
    signal,
  );
};

/** As the worker wrote it into its request, `device:inode`. */
const identityIn = (text: string | null): NonNullable<HostRequest['directoryIdentity']> | null => {
  const [, device, inode] = /^(\d+):(\d+)$/.exec(text ?? '') ?? [];
  return device === undefined || inode === undefined ? null : { device, inode };
};

const evidenceOf = (
  one: Case,
  due: Look,
  basedOn: number,
  { collectorId, hostId }: CollectorOptions,
  host: HostFindings,
): EventOf<'EvidenceCollected'> => {
  const findings: Findings = { version: FINDINGS_VERSION, ...host, ...logFindings(one) };
  const isSettled = holderVerdict(one.state, one.profile, { basedOn, findings }) === 'gone';
  return {
    type: 'EvidenceCollected',
    token: due.token,
    round: due.round,
    attempt: due.attempt,
    complete: isSettled || due.isLast,
    basedOn,
    collectorId,
    hostId,
    findings,
  };
};
