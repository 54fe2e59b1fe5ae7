import type { World } from '../world.ts';

export interface PausedWorker {
  readonly name: 'paused-worker';
  readonly suspicionCleared: boolean;
  readonly lateReportRejected: boolean;
  readonly staleWriteRefused: boolean;
  readonly signalAborted: boolean;
}

const SCENE_MS_MAX = 90_000;

/** A short pause is only a suspicion; a long one costs the lease, and the worker that wakes must not act on. */
export const pausedWorker = async (world: World): Promise<PausedWorker> => {
  const profileId = 'profile-paused';
  const { story } = world;
  const worker = world.worker('paused', 'worker-5', profileId);
  const { token } = await worker.hears('holding', SCENE_MS_MAX);
  await worker.hears('ready', SCENE_MS_MAX);
  worker.stop();
  await story.event(profileId, 'SuspectedStale', SCENE_MS_MAX);
  worker.wake();
  const cleared = await story.event(profileId, 'SuspicionCleared', SCENE_MS_MAX);
  worker.stop();
  const quarantined = await story.event(profileId, 'Quarantined', SCENE_MS_MAX);
  await story.event(profileId, 'FenceConfirmed', SCENE_MS_MAX);
  worker.wake();
  const aborted = await worker.hears('aborted', SCENE_MS_MAX);
  const rejected = await story.event(
    profileId,
    'StaleTokenRejected',
    SCENE_MS_MAX,
    ({ presentedToken }) => presentedToken === token,
  );
  if (aborted.write === 'WD001') await world.reportRefusedWrite(profileId, token, aborted.write);
  return {
    name: 'paused-worker',
    suspicionCleared: cleared.offset < quarantined.offset,
    lateReportRejected: rejected.event.presentedOffset > quarantined.offset,
    staleWriteRefused: aborted.write === 'WD001',
    signalAborted: aborted.code === 'lease-lost',
  };
};
