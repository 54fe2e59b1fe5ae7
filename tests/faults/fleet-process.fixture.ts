/** Workers under continuous load, in a process of their own: they take a profile, work on it and give it back, for ever. */
import { setTimeout as sleep } from 'node:timers/promises';
import { LeaseDeniedError, LeaseLostError, connectWorker, type Worker } from '@profile-warden/worker';
import type { FleetOrders, FleetWord } from './fleet-messages.fixture.ts';

const orders = JSON.parse(process.argv[2] ?? '{}') as FleetOrders;
const TOLD_EVERY_MS = 500;
const AGAIN_MS = 50;

/** A lease that was revoked before its release came is lost, though the release goes through without an error. */
const ENDED = { released: 'released', quarantined: 'lost', unknown: 'failed' } as const;

let isFinishing = false;
const counts = { granted: 0, denied: 0, released: 0, lost: 0, failed: 0, slowestMs: 0 };
let lastError: string | null = null;

const tell = (isFinished: boolean): void => {
  const word: FleetWord = { ...counts, lastError, isFinished };
  process.send?.(word);
};

process.once('message', () => {
  isFinishing = true;
});
process.on('disconnect', () => process.exit(1));

const work = async (worker: Worker, profileId: string, round: number): Promise<void> => {
  const askedMs = performance.now();
  const lease = await worker.acquire({ profileId, taskId: `${orders.name}-${round}`, waitMs: 0 });
  counts.slowestMs = Math.max(counts.slowestMs, performance.now() - askedMs);
  counts.granted += 1;
  lease.browserState(() => Promise.resolve('reachable'));
  await lease.step('look', { kind: 'read' }, () => Promise.resolve());
  await lease.step('change', { kind: 'side-effect', checkpoint: { name: 'changed', stored: 'server' } }, () =>
    sleep(orders.holdMs / 2),
  );
  await sleep(orders.holdMs / 2);
  const { ended } = await lease.release({ outcome: 'completed', browserClosed: 'confirmed' });
  counts[ENDED[ended]] += 1;
};

const worker = await connectWorker({
  workerId: orders.name,
  brokers: [...orders.brokers],
  registryUrl: orders.registryUrl,
  topic: orders.topic,
  partitionCount: orders.partitionCount,
  hostId: orders.hostId,
  heartbeatEveryMs: orders.heartbeatEveryMs,
  marginMs: orders.marginMs,
});

const lane = async (index: number): Promise<void> => {
  for (let round = index; !isFinishing; round += orders.concurrency) {
    const profileId = orders.profileIds[round % orders.profileIds.length] ?? '';
    try {
      await work(worker, profileId, round);
    } catch (error) {
      if (error instanceof LeaseDeniedError) counts.denied += 1;
      else if (error instanceof LeaseLostError) counts.lost += 1;
      else {
        counts.failed += 1;
        lastError = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
      }
      await sleep(AGAIN_MS);
    }
  }
};

const telling = setInterval(() => tell(false), TOLD_EVERY_MS);
await Promise.all(Array.from({ length: orders.concurrency }, (_none, index) => lane(index)));
clearInterval(telling);
await worker.shutdown();
tell(true);
process.disconnect();
