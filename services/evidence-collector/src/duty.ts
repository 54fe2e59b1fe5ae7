import {
  collectorDeadline,
  holderVerdict,
  owedByCollector,
  type Case,
  type Look,
  type ProfileState,
} from '@profile-warden/domain';
import type { EventOf, Findings } from '@profile-warden/events';
import type { Duty } from '@profile-warden/service';
import type { HostFindings, HostRequest } from './host/index.ts';
import { logFindings } from './log-findings.ts';
import { unreachableFindings } from './unreachable.ts';

/** What the meaning of the findings is; raised when a finding changes what it stands for. */
const FINDINGS_VERSION = 2;
/**
 * A look waits for `settleMs` nearly all of its time, and `host/looker.ts` bounds the processes that look. So every lease
 * of a partition is looked at within one attempt when a host is lost (12 partitions for 5,000 profiles have 417 each): one
 * that stood in line would be spoken for as unreachable. A look that waits takes some 10 kB, so 512 of each of 12
 * partitions take about as much as one looking process.
 */
const LOOKS_AT_ONCE_MAX = 512;

export interface CollectorOptions {
  readonly collectorId: string;
  readonly hostId: string;
  /**
   * `host`: cases of this host. `shared`: those on shared storage too, where the collector of their host does not answer
   * in time. `any`: also speaks for all other hosts that are silent.
   */
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
  runsAtOnceMax: LOOKS_AT_ONCE_MAX,
});

const isOfMyHost = ({ profile }: Case, { hostId }: CollectorOptions): boolean =>
  profile.lease?.hostId === hostId;

const canSee = (one: Case, options: CollectorOptions): boolean =>
  isOfMyHost(one, options) || (options.scope !== 'host' && one.profile.registration?.sharedStorage === true);

/** From another host nobody can tell whether a process lives, so the collector of the lease's own host goes first. */
const isMine = (one: Case, due: Look, options: CollectorOptions): boolean =>
  isOfMyHost(one, options) || (due.isOverdue && (options.scope === 'any' || canSee(one, options)));

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

/** What a look is worth when it has ended, by what the log says then; null: nothing any more. */
const evidenceOf = (
  begun: Case,
  due: Look,
  basedOn: number,
  { collectorId, hostId }: CollectorOptions,
  host: HostFindings,
): EventOf<'EvidenceCollected'> | null => {
  const one = { ...begun, profile: begun.state.profiles.get(begun.profile.profileId) ?? begun.profile };
  const findings: Findings = { version: FINDINGS_VERSION, ...host, ...logFindings(one) };
  // A holder that has spoken meanwhile is looked at again, as long as there is another attempt.
  const isSettled = holderVerdict(one.state, one.profile, { basedOn, findings }) === 'gone';
  const attempt = attemptDue(one.profile, due);
  // Somebody else has spoken first. What settles the case is worth the next attempt; anything else would use it up.
  if (attempt === null || (attempt !== due.attempt && !isSettled)) return null;
  return {
    type: 'EvidenceCollected',
    token: due.token,
    round: due.round,
    attempt,
    complete: isSettled || due.isLast,
    basedOn,
    collectorId,
    hostId,
    findings,
  };
};

/** The attempt that is open in the round of the look; null where none is. */
const attemptDue = ({ token, round, stage }: ProfileState, due: Look): number | null =>
  token === due.token && round === due.round && stage.kind === 'quarantined' ? stage.attempts + 1 : null;
