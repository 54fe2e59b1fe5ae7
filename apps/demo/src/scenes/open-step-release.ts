import type { World } from '../world.ts';
import { isExplained } from './crash-in-sensitive-step.ts';

export interface OpenStepRelease {
  readonly cause: string;
  readonly outcome: string;
  readonly rule: string;
  readonly nextDenied: boolean;
}

const SCENE_MS_MAX = 90_000;

/** A script swallows the error of its checkout and releases as if all was well: that is no release. */
export const openStepRelease = async (world: World): Promise<OpenStepRelease> => {
  const profileId = 'profile-swallowed';
  const worker = world.worker('open-step-release', 'worker-6', profileId);
  await worker.hears('released', SCENE_MS_MAX);
  const quarantined = await world.story.event(profileId, 'Quarantined', SCENE_MS_MAX);
  const { event } = await world.story.event(profileId, 'Decided', SCENE_MS_MAX);
  const next = world.worker('ask', 'worker-7', profileId, 'another-task');
  const { denial } = await next.hears('denied', SCENE_MS_MAX);
  return {
    cause: quarantined.event.cause,
    outcome: event.outcome,
    rule: event.rule,
    nextDenied: isExplained(denial),
  };
};
