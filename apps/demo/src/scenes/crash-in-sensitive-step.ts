import type { World } from '../world.ts';

export interface CrashInSensitiveStep {
  readonly name: 'crash-in-sensitive-step';
  readonly outcome: string;
  readonly rule: string;
  readonly denialExplained: boolean;
}

const SCENE_MS_MAX = 90_000;

/** Killed in the middle of a checkout: nobody but a person can say whether the order was placed. */
export const crashInSensitiveStep = async (world: World): Promise<CrashInSensitiveStep> => {
  const profileId = 'profile-checkout';
  const worker = world.worker('crash-in-sensitive-step', 'worker-3', profileId);
  await worker.hears('ready', SCENE_MS_MAX);
  worker.kill();
  const { event } = await world.story.event(profileId, 'Decided', SCENE_MS_MAX);
  const next = world.worker('ask', 'worker-4', profileId, 'another-task');
  const { denial } = await next.hears('denied', SCENE_MS_MAX);
  return {
    name: 'crash-in-sensitive-step',
    outcome: event.outcome,
    rule: event.rule,
    denialExplained: isExplained(denial),
  };
};

/** Who has it, in what state, since when, why not, and what to do. */
export const isExplained = (denial: Readonly<Record<string, unknown>>): boolean =>
  denial['state'] === 'manual-review' &&
  denial['reason'] === 'in-review' &&
  typeof denial['since'] === 'number' &&
  typeof denial['nextAction'] === 'string' &&
  denial['nextAction'] !== '' &&
  typeof denial['holder'] === 'object' &&
  denial['holder'] !== null;
