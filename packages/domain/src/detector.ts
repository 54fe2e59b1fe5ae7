import type { Cause, EventOf } from '@profile-warden/events';
import { earlier, type Case } from './owed.ts';
import type { Policy } from './policy.ts';
import {
  isHostRestarted,
  isOwned,
  isWorkerRestarted,
  silenceHeldUntil,
  silenceMs,
  unreachableMs,
} from './silence.ts';
import type { Lease, PartitionState, ProfileState, Pulse } from './state.ts';

type Suspicion = EventOf<'SuspectedStale'>;

/** What the stale-detector owes a profile: a suspicion whose time has come, or nothing. */
export const owedByDetector = (one: Case): Suspicion | null => {
  const { state, profile } = one;
  const { lease, pulse, stage } = profile;
  if (stage.kind !== 'held' || lease === null || pulse === null || pulse.release !== null) return null;
  if (isWorkerRestarted(state, lease)) return suspicion(one, 'worker-restarted', null, 0);
  if (isHostRestarted(state, lease)) return suspicion(one, 'host-restarted', null, 0);
  if (state.logMs < silenceHeldUntil(state)) return null;
  return silenceSuspicion(one, lease, pulse);
};

const silenceSuspicion = (one: Case, lease: Lease, pulse: Pulse): Suspicion | null => {
  const { logMs } = one.state;
  const due = silenceDue(one.policy, lease, pulse);
  if (logMs >= due.heartbeat)
    return suspicion(
      one,
      'heartbeat-stopped',
      pulse.heartbeat?.offset ?? null,
      silenceMs(lease, pulse, logMs),
    );
  if (pulse.reachable === null)
    return logMs >= due.ready
      ? suspicion(one, 'never-ready', null, unreachableMs(lease, pulse, logMs))
      : null;
  return logMs >= due.reachable && hasBeatenWithoutAnswer(pulse)
    ? suspicion(one, 'browser-unreachable', pulse.reachable.offset, unreachableMs(lease, pulse, logMs))
    : null;
};

/** Silence says nothing about the browser, and an announced one may last longer than an answer is waited for. */
const hasBeatenWithoutAnswer = ({ heartbeat, reachable }: Pulse): boolean =>
  heartbeat !== null && heartbeat.offset > (reachable?.offset ?? -1);

const suspicion = ({ profile }: Case, cause: Cause, basedOn: number | null, silentMs: number): Suspicion => ({
  type: 'SuspectedStale',
  token: profile.token,
  cause,
  basedOn,
  silenceMs: silentMs,
});

/** Log times at which each kind of silence becomes suspicious. */
const silenceDue = (
  policy: Policy,
  lease: Lease,
  pulse: Pulse,
): { heartbeat: number; ready: number; reachable: number } => {
  // An announced silence is believed only as far as the worker's own deadline allows.
  const announced = Math.min(pulse.announced?.silenceMs ?? 0, lease.leaseMs - policy.marginMs);
  return {
    heartbeat: (pulse.heartbeat?.logMs ?? lease.grantedLogMs) + Math.max(policy.suspectAfterMs, announced),
    ready: lease.grantedLogMs + policy.startBudgetMs,
    reachable: (pulse.reachable?.logMs ?? lease.grantedLogMs) + policy.unreachableAfterMs,
  };
};

/** Log time at which the detector can next owe this profile something though no record speaks of it; null: never. */
export const detectorDeadline = ({ state, profile, policy }: Case): number | null => {
  const { lease, pulse, stage } = profile;
  if (stage.kind !== 'held' || lease === null || pulse === null || pulse.release !== null) return null;
  const due = silenceDue(policy, lease, pulse);
  const isReachableDue = hasBeatenWithoutAnswer(pulse) || due.reachable > state.logMs;
  const browser = pulse.reachable === null ? due.ready : isReachableDue ? due.reachable : null;
  const first = earlier(due.heartbeat, browser) ?? due.heartbeat;
  // Beats do not reschedule a profile, so it is looked at again no later than the shortest silence that matters.
  const soonest = state.logMs + Math.min(policy.suspectAfterMs, policy.unreachableAfterMs);
  return Math.max(Math.min(first, soonest), silenceHeldUntil(state));
};

/**
 * Whether the silence accuses the monitor rather than the workers: too many leases of the partition are silent at
 * once. Leases that an earlier episode has counted are left out. Asked only when a suspicion for silence is due, with the
 * patience of the lease that is due: `policy` is that of all, whose label may ask for less.
 */
export const massSilenceOwed = (
  state: PartitionState,
  policy: Policy,
  suspectAfterMs = policy.suspectAfterMs,
): EventOf<'MassSilence'> | null => {
  const { fraction, minLeases, windowMs, holdMs } = policy.massSilence;
  if (state.logMs < silenceHeldUntil(state)) return null;
  // A label's short patience less the window may be less than a heartbeat: the healthy would be counted as silent.
  const leastMs = Math.min(healthySilenceMs(policy), policy.suspectAfterMs - windowMs);
  const silentMs = Math.min(suspectAfterMs, Math.max(suspectAfterMs - windowMs, leastMs));
  let held = 0;
  let silent = 0;
  for (const profile of state.profiles.values()) {
    if (!isOwned(profile)) continue;
    held += 1;
    if (isUncountedSilence(profile, state.logMs, silentMs)) silent += 1;
  }
  if (silent < minLeases || silent < fraction * held) return null;
  return { type: 'MassSilence', held, silent, silentMs, untilLogMs: state.logMs + holdMs };
};

/** Longest silence of a lease with which all is well: two ticks are needed to count a beat from the tick before it. */
const healthySilenceMs = ({ heartbeatEveryMs, overrides, tickEveryMs }: Policy): number =>
  Math.max(heartbeatEveryMs, ...Object.values(overrides).map((change) => change.heartbeatEveryMs ?? 0)) +
  2 * tickEveryMs;

const isUncountedSilence = (
  { lease, pulse, stage }: ProfileState,
  logMs: number,
  silentMs: number,
): boolean =>
  stage.kind === 'held' &&
  lease !== null &&
  pulse !== null &&
  pulse.countedBy === null &&
  silenceMs(lease, pulse, logMs) >= silentMs;

/** Whether a suspicion has to wait until it is known that not the whole partition is silent. */
export const isForSilence = (cause: Cause): boolean =>
  cause === 'heartbeat-stopped' || cause === 'browser-unreachable' || cause === 'never-ready';
