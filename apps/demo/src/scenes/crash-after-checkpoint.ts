import type { World } from '../world.ts';

export interface CrashAfterCheckpoint {
  readonly name: 'crash-after-checkpoint';
  readonly outcome: string;
  readonly tokens: readonly number[];
  readonly staleWriteRefused: boolean;
  /** Offsets of suspicion, quarantine, fence, evidence, decision and the second grant. */
  readonly offsets: readonly number[];
  readonly recoveryMs: number;
  readonly policyMs: number;
}

/** What the policy itself takes: the lease, the settling behind the fence, and the gap between the two looks. */
const recoveryByPolicyMs = ({ policy }: World): number => policy.leaseMs + 2 * policy.settleMs;

/** The worker and its browser are killed after a checkpoint; a second worker goes on from it. */
export const crashAfterCheckpoint = async (
  world: World,
  profileId = 'profile-crash',
  onKilled: () => void = () => undefined,
): Promise<CrashAfterCheckpoint> => {
  const { story, accounts } = world;
  const boundMs = 4 * recoveryByPolicyMs(world) + 30_000;
  const first = world.worker('crash-after-checkpoint', `${profileId}-worker-1`, profileId);
  const { token } = await first.hears('holding', boundMs);
  await first.hears('ready', boundMs);
  await accounts.write(profileId, token);
  first.kill();
  onKilled();
  const killedAt = performance.now();
  const suspected = await story.event(profileId, 'SuspectedStale', boundMs);
  const quarantined = await story.event(profileId, 'Quarantined', boundMs);
  const fenced = await story.event(profileId, 'FenceConfirmed', boundMs);
  const evidence = await story.event(profileId, 'EvidenceCollected', boundMs, ({ complete }) => complete);
  const decided = await story.event(profileId, 'Decided', boundMs);
  const recoveryMs = Math.round(performance.now() - killedAt);
  const second = world.worker('resume', `${profileId}-worker-2`, profileId);
  const resumed = await second.hears('holding', boundMs);
  await second.hears('ready', boundMs);
  const granted = await story.event(
    profileId,
    'LeaseGranted',
    boundMs,
    (event) => event.token === resumed.token,
  );
  if (resumed.resumedFrom !== 'logged in')
    throw new Error(`resumed from ${resumed.resumedFrom ?? 'nothing'}`);
  const fresh = await accounts.write(profileId, resumed.token);
  const stale = await accounts.write(profileId, token);
  if (fresh !== 'written') throw new Error(`the second worker's write was refused: ${fresh.refused}`);
  second.tell('go on');
  await second.hears('released', boundMs);
  return {
    name: 'crash-after-checkpoint',
    outcome: decided.event.outcome,
    tokens: [token, resumed.token],
    staleWriteRefused: typeof stale !== 'string' && stale.refused === 'WD001',
    offsets: [suspected, quarantined, fenced, evidence, decided, granted].map(({ offset }) => offset),
    recoveryMs,
    policyMs: recoveryByPolicyMs(world),
  };
};
