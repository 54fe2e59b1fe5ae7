/** A worker that logs in with tokens, takes a profile, works on it step by step, and tells how it goes. */
import { connectWorker, type WorkerNotice } from '@profile-warden/worker';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { WorkerNews, WorkerOrders } from './worker-orders.fixture.ts';

const STEP_EVERY_MS = 500;
/** The client logs in anew 10 s before a token ends. */
const TOKEN_S = 13;

const orders = JSON.parse(process.argv[2] ?? '{}') as WorkerOrders;
const notices: WorkerNotice[] = [];
let tokenCount = 0;
let stepCount = 0;

const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
/** As the broker of the tests takes them: without a signature. */
const newToken = (): string => {
  const now = Math.floor(Date.now() / 1_000);
  return `${part({ alg: 'none' })}.${part({ sub: orders.user, iat: now, exp: now + TOKEN_S })}.`;
};

const worker = await connectWorker({
  ...orders.options,
  ssl: { ca: readFileSync(orders.caFile, 'utf8') },
  sasl: {
    mechanism: 'oauthbearer',
    oauthBearerProvider: () => {
      tokenCount += 1;
      return Promise.resolve({ value: newToken() });
    },
  },
  onNotice: (notice) => notices.push(notice),
});
const lease = await worker.acquire({ profileId: orders.profileId, taskId: 'task' });
lease.browserState(() => 'reachable');
for (;;) {
  await lease.step('look', { kind: 'read' }, () => sleep(STEP_EVERY_MS));
  stepCount += 1;
  const news: WorkerNews = { stepCount, tokenCount, notices };
  process.send?.(news);
}
