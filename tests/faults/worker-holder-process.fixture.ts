/** A worker process with many leases, under each of which it acts again and again, and writes down each time that it did. */
import { appendFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { WorkerError, connectWorker, type Lease } from '@profile-warden/worker';
import type { HolderOrder, HolderOrders, HolderWord, JournalLine } from './worker-messages.fixture.ts';

const orders = JSON.parse(process.argv[2] ?? '{}') as HolderOrders;
const tell = (word: HolderWord): void => void process.send?.(word);
process.on('disconnect', () => process.exit(1));

const write = (lease: Lease, did: JournalLine['did'], detail = ''): void => {
  const line: JournalLine = { at: Date.now(), profileId: lease.profileId, token: lease.token, did, detail };
  // At once and in order: the process may be stopped or killed behind any line.
  appendFileSync(orders.journal, `${JSON.stringify(line)}\n`);
};

const worker = await connectWorker({
  workerId: orders.name,
  brokers: orders.brokers,
  registryUrl: orders.registryUrl,
  topic: orders.topic,
  partitionCount: orders.partitionCount,
  hostId: orders.hostId,
  heartbeatEveryMs: orders.heartbeatEveryMs,
  marginMs: orders.marginMs,
  answerTimeoutMs: 60_000,
});

const ENDED: readonly string[] = ['lease-lost', 'lease-ended', 'worker-closed'];

/** Acts by itself, and in a step that waits for its record; every fifth time it records a checkpoint. */
const work = async (lease: Lease): Promise<void> => {
  for (let round = 1; ; round += 1) {
    await sleep(orders.actEveryMs * (0.5 + Math.random()));
    if (lease.canAct()) write(lease, 'act', 'alone');
    try {
      await lease.step('change', { kind: 'side-effect', repeatable: true }, () =>
        write(lease, 'act', 'step'),
      );
      if (round % 5 > 0) continue;
      await lease.checkpoint(`round ${round}`, { stored: 'server' });
      write(lease, 'checkpoint', `round ${round}`);
    } catch (error) {
      const code = error instanceof WorkerError ? error.code : String(error);
      if (ENDED.includes(code)) return;
      write(lease, 'failed', code);
    }
  }
};

const hold = async (index: number): Promise<Lease> => {
  const lease = await worker.acquire({ profileId: `${orders.name}-${index}`, taskId: 'hold' });
  if (orders.browserUrl === null) lease.browserState(() => 'reachable');
  else lease.browserEndpoint(orders.browserUrl);
  lease.closeBrowserWith(() => sleep(20).then(() => true));
  lease.onPause(() => write(lease, 'pause'));
  lease.onResume(() => write(lease, 'resume'));
  lease.signal.addEventListener('abort', () => write(lease, 'lost', String(lease.signal.reason)));
  lease.onStopRequested(async () => {
    await lease.checkpoint('shutdown', { stored: 'server' });
    write(lease, 'checkpoint', 'shutdown');
  });
  void work(lease);
  return lease;
};

process.on('message', (order: HolderOrder) => {
  if (order.do === 'block') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, order.ms);
  else
    void worker.shutdown().then(() => {
      tell({ say: 'shut-down' });
      process.disconnect();
    });
});

await Promise.all(Array.from({ length: orders.leaseCount }, (_none, index) => hold(index)));
tell({ say: 'holding' });
