/** A worker process that holds its leases and does nothing else; tells what that took. */
import { connectWorker, type Lease } from '@profile-warden/worker';
import { setTimeout as sleep } from 'node:timers/promises';
import type { HoldOrders, HoldUse } from './hold-messages.ts';

const SETTLE_MS = 10_000;
const SAMPLE_MS = 500;
const ANSWER_MS = 120_000;

const orders = JSON.parse(process.argv[2] ?? '{}') as HoldOrders;
const worker = await connectWorker({
  workerId: `bench-${orders.leases}`,
  brokers: orders.brokers,
  registryUrl: orders.registryUrl,
  heartbeatEveryMs: orders.heartbeatMs,
  answerTimeoutMs: ANSWER_MS,
  maxLeases: Math.max(1, orders.leases),
});
/** Browsers are not launched all at once either. */
const LANES = 8;
const leases: Lease[] = [];
const lane = async (first: number): Promise<void> => {
  for (let index = first; index < orders.leases; index += LANES) {
    const profileId = `bench-${orders.leases}-${index}`;
    const lease = await worker.acquire({ profileId, taskId: 'bench' });
    lease.browserState(() => Promise.resolve('reachable'));
    lease.closeBrowserWith(() => true);
    leases.push(lease);
  }
};
await Promise.all(Array.from({ length: LANES }, (_none, index) => lane(index)));
await sleep(SETTLE_MS);

const before = process.cpuUsage();
const startedAt = performance.now();
const sizes: number[] = [];
while (performance.now() - startedAt < orders.watchMs) {
  await sleep(SAMPLE_MS);
  sizes.push(process.memoryUsage.rss());
}
const { user, system } = process.cpuUsage(before);
const use: HoldUse = {
  corePercent: (user + system) / 10 / (performance.now() - startedAt),
  rssMb: sizes.reduce((sum, size) => sum + size, 0) / sizes.length / 1_048_576,
  activeCount: leases.filter((lease) => lease.canAct()).length,
};
await worker.shutdown();
process.send?.(use, () => process.exit(0));
