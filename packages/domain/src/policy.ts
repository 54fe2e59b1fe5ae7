/**
 * How patient the system is. Durations in ms of log time (a worker's own in ms of its clocks). The defaults are for
 * production; every deployment may scale them as long as the inequalities in `policyProblems` hold.
 */
export interface Policy {
  /** Recorded in every decision. */
  readonly version: string;
  /** Time between two ticks of a partition, by which log time goes on. */
  readonly tickEveryMs: number;
  /** What workers are expected to keep to; their own option says how often they really send. */
  readonly heartbeatEveryMs: number;
  /** Silence after which a lease is suspected. */
  readonly suspectAfterMs: number;
  /** Silence after which a suspected lease is quarantined. */
  readonly leaseMs: number;
  /** Time without an answer of the browser after which the lease is suspected. */
  readonly unreachableAfterMs: number;
  /** Time from the grant within which the browser must have answered once. */
  readonly startBudgetMs: number;
  /** Time between the last fence and the first look, and between the two looks. */
  readonly settleMs: number;
  /** Longest time a worker needs to end its browser. */
  readonly killMs: number;
  /** How much earlier than `leaseMs` a worker stops on its own. */
  readonly marginMs: number;
  /** How long a paused worker keeps its browser before it gives up. */
  readonly pauseMaxMs: number;
  /** Time between a request to stop and the quarantine of a lease that ignores it. */
  readonly stopGraceMs: number;
  /** Run time after which a lease is asked to stop, unless its request asked for another. */
  readonly maxRuntimeMs: number;
  /** Most that a request may ask for. */
  readonly maxRuntimeCapMs: number;
  /** How long a recovered task waits for its worker before a person is asked. */
  readonly resumeWindowMs: number;
  /** Looks at a quarantined profile before a decision is made on what is known. */
  readonly evidenceAttempts: number;
  /** Time between two attempts. */
  readonly evidenceEveryMs: number;
  /** Time beyond the gap between two looks after which a collector of scope `any` speaks for one that does not answer. */
  readonly collectorTimeoutMs: number;
  /** How long after a checkpoint in the profile the browser must have lived for it to be trusted. */
  readonly checkpointSettleMs: number;
  /** Recoveries of one task after which a person is asked. */
  readonly maxRecoveriesPerTask: number;
  /** Requests that may wait for one profile. */
  readonly maxWaiters: number;
  readonly massSilence: {
    /** Share of a partition's held leases, 0 to 1. */
    readonly fraction: number;
    /** Held leases of a partition below which silence is never taken for that of a whole fleet. */
    readonly minLeases: number;
    /** Time within which so many must have fallen silent. */
    readonly windowMs: number;
    /** How long quarantines then wait for the fleet to come back. */
    readonly holdMs: number;
  };
  /** `operator-only`: every recovery ends with a person. */
  readonly mode: 'auto' | 'operator-only';
  /** Whether a profile must be registered before it can be leased. */
  readonly registrationRequired: boolean;
  /** Databases that must confirm a fence. */
  readonly fenceTargets: readonly string[];
  /** Step names that are sensitive whatever the worker says. */
  readonly sensitiveSteps: readonly string[];
  /** Changes for profiles that carry a label. */
  readonly overrides: Readonly<
    Record<string, Partial<Omit<Policy, 'overrides' | 'fenceTargets' | 'massSilence'>>>
  >;
}

export const DEFAULT_POLICY: Policy = {
  version: 'default-1',
  tickEveryMs: 1_000,
  heartbeatEveryMs: 10_000,
  suspectAfterMs: 45_000,
  leaseMs: 120_000,
  unreachableAfterMs: 60_000,
  startBudgetMs: 180_000,
  settleMs: 30_000,
  killMs: 20_000,
  marginMs: 25_000,
  pauseMaxMs: 600_000,
  stopGraceMs: 60_000,
  maxRuntimeMs: 1_800_000,
  maxRuntimeCapMs: 43_200_000,
  resumeWindowMs: 1_800_000,
  evidenceAttempts: 4,
  evidenceEveryMs: 15_000,
  collectorTimeoutMs: 30_000,
  checkpointSettleMs: 45_000,
  maxRecoveriesPerTask: 2,
  maxWaiters: 64,
  massSilence: { fraction: 0.3, minLeases: 10, windowMs: 15_000, holdMs: 120_000 },
  mode: 'auto',
  registrationRequired: false,
  fenceTargets: [],
  sensitiveSteps: [],
  overrides: {},
};

const DURATIONS = [
  'tickEveryMs',
  'heartbeatEveryMs',
  'suspectAfterMs',
  'leaseMs',
  'unreachableAfterMs',
  'startBudgetMs',
  'settleMs',
  'killMs',
  'marginMs',
  'pauseMaxMs',
  'stopGraceMs',
  'maxRuntimeMs',
  'maxRuntimeCapMs',
  'resumeWindowMs',
  'evidenceEveryMs',
  'collectorTimeoutMs',
] as const;

/** Longest duration a policy may name: 30 days. */
const MAX_DURATION_MS = 30 * 86_400_000;

/** Everything that is wrong with a policy, in words; empty when it may be used. */
export const policyProblems = (policy: Policy): readonly string[] => {
  const problems = [...numberProblems(policy), ...inequalityProblems(policy)];
  for (const [label, change] of Object.entries(policy.overrides)) {
    const merged = { ...policy, ...change, overrides: {} };
    const before = new Set(problems);
    for (const problem of policyProblems(merged))
      if (!before.has(problem)) problems.push(`overrides.${label}: ${problem}`);
  }
  return problems;
};

const numberProblems = (policy: Policy): string[] => {
  const problems: string[] = [];
  const whole = (name: string, value: unknown, min: number, max: number): void => {
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < min || value > max)
      problems.push(`${name} must be a whole number from ${min} to ${max}, got ${String(value)}`);
  };
  for (const name of DURATIONS) whole(name, policy[name], 1, MAX_DURATION_MS);
  whole('checkpointSettleMs', policy.checkpointSettleMs, 0, MAX_DURATION_MS);
  whole('evidenceAttempts', policy.evidenceAttempts, 1, 100);
  whole('maxRecoveriesPerTask', policy.maxRecoveriesPerTask, 0, 1_000);
  whole('maxWaiters', policy.maxWaiters, 0, 1_000);
  whole('massSilence.minLeases', policy.massSilence.minLeases, 1, 1_000_000);
  whole('massSilence.windowMs', policy.massSilence.windowMs, 0, MAX_DURATION_MS);
  whole('massSilence.holdMs', policy.massSilence.holdMs, 0, MAX_DURATION_MS);
  if (!(policy.massSilence.fraction > 0 && policy.massSilence.fraction <= 1))
    problems.push(`massSilence.fraction must be above 0 and at most 1, got ${policy.massSilence.fraction}`);
  if (!['auto', 'operator-only'].includes(policy.mode))
    problems.push(`mode must be auto or operator-only, got ${policy.mode}`);
  if (policy.fenceTargets.length > 16)
    problems.push(`fenceTargets must name at most 16 databases, got ${policy.fenceTargets.length}`);
  return problems;
};

const inequalityProblems = (policy: Policy): string[] => {
  const p = policy;
  const problems: string[] = [];
  const require = (holds: boolean, rule: string, left: number, right: number): void => {
    if (!holds) problems.push(`${rule} does not hold (${left} against ${right})`);
  };
  require(3 * p.heartbeatEveryMs <= p.suspectAfterMs, '3 × heartbeatEveryMs ≤ suspectAfterMs', 3 *
    p.heartbeatEveryMs, p.suspectAfterMs);
  require(p.suspectAfterMs < p.leaseMs, 'suspectAfterMs < leaseMs', p.suspectAfterMs, p.leaseMs);
  require(p.marginMs >= 4 * p.tickEveryMs + p.killMs, 'marginMs ≥ 4 × tickEveryMs + killMs', p.marginMs, 4 *
    p.tickEveryMs +
    p.killMs);
  require(p.settleMs >= p.killMs, 'settleMs ≥ killMs', p.settleMs, p.killMs);
  require(p.leaseMs - p.marginMs >=
    2 * p.suspectAfterMs, 'leaseMs − marginMs ≥ 2 × suspectAfterMs', p.leaseMs - p.marginMs, 2 *
    p.suspectAfterMs);
  require(p.maxRuntimeMs <=
    p.maxRuntimeCapMs, 'maxRuntimeMs ≤ maxRuntimeCapMs', p.maxRuntimeMs, p.maxRuntimeCapMs);
  require(p.massSilence.windowMs < p.suspectAfterMs, 'massSilence.windowMs < suspectAfterMs', p.massSilence
    .windowMs, p.suspectAfterMs);
  return problems;
};

/** The policy of one profile: its labels' overrides in the order of the labels. */
export const policyFor = (policy: Policy, labels: readonly string[] | undefined): Policy => {
  if (labels === undefined || labels.length === 0) return policy;
  let merged = policy;
  for (const label of labels) {
    const change = Object.hasOwn(policy.overrides, label) ? policy.overrides[label] : undefined;
    if (change !== undefined) merged = { ...merged, ...change };
  }
  return merged;
};
