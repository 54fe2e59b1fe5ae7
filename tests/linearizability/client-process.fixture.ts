/**
 * A worker that takes profiles one after the other and writes under their tokens, in a process of its own. It is careless
 * on purpose: it goes on writing until it is refused, and now and then writes once more under a lease given back.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { FenceRefusedError, requireToken } from '@profile-warden/fence';
import { inTransaction, openPool } from '@profile-warden/postgres';
import { WorkerError, connectWorker, type Lease, type Worker } from '@profile-warden/worker';
import type { ClientOrders, ClientWord } from './client-messages.fixture.ts';
import type { WriteAnswer } from './operation.fixture.ts';

const orders = JSON.parse(process.argv[2] ?? '{}') as ClientOrders;
const WRITES_PER_LEASE = 12;
const RETRY_MS = 30;
const RETRIES_MAX = 60;
const LATE_MS_MAX = 600;
/** Of ten leases so many see a write after their release. */
const LATE_OF_TEN = 5;

let count = 0;
const finishing = new AbortController();
const late = new Set<Promise<unknown>>();
const pool = openPool(orders.databaseUrl, { applicationName: orders.connect.workerId });

process.once('message', () => {
  finishing.abort();
});
const orphaned = (): never => process.exit(1);
process.once('disconnect', orphaned);

/** Resolves when the word has left the process: what is done after it can then not be without a witness. */
const tell = (word: ClientWord): Promise<void> =>
  new Promise((resolve, reject) => {
    process.send?.(word, (error: Error | null) => (error === null ? resolve() : reject(error)));
  });

const atResource = (profileId: string, token: number): Promise<void> =>
  inTransaction(pool, async (client) => {
    await requireToken(client, { profileId, token });
    await client.query('insert into written (profile_id, token) values ($1, $2)', [profileId, token]);
    await sleep(Math.random() * 20);
  });

const attempt = async (profileId: string, token: number): Promise<WriteAnswer> => {
  for (let tries = 0; tries < RETRIES_MAX; tries += 1) {
    try {
      await atResource(profileId, token);
      return 'accepted';
    } catch (error) {
      if (!(error instanceof FenceRefusedError)) return 'unknown';
      if (error.kind === 'stop') return 'refused';
      await sleep(RETRY_MS);
    }
  }
  return 'unknown';
};

const write = async (profileId: string, token: number): Promise<WriteAnswer> => {
  count += 1;
  const id = count;
  await tell({ kind: 'asked', id, profileId, token, callMs: Date.now() });
  const answer = await attempt(profileId, token);
  // The calendar shows whole milliseconds: this one was over by then at the latest.
  await tell({ kind: 'answered', id, answer, answeredMs: Date.now() + 1 });
  return answer;
};

const work = async ({ profileId, token }: Lease): Promise<void> => {
  for (let writes = 0; writes < WRITES_PER_LEASE; writes += 1) {
    if ((await write(profileId, token)) === 'refused') return;
    await sleep(20 + Math.random() * 60);
  }
};

const writeLate = async (profileId: string, token: number): Promise<void> => {
  await sleep(Math.random() * LATE_MS_MAX);
  await write(profileId, token);
};

const takeOne = async (worker: Worker, profileId: string, round: number): Promise<void> => {
  const taskId = `${orders.connect.workerId}-${round}`;
  const lease = await worker.acquire({ profileId, taskId, waitMs: 1_000 });
  // A profile that no browser has touched recovers by itself; another one waits for a person.
  if (round % 2 === 0) lease.browserState(() => Promise.resolve('reachable'));
  await work(lease);
  await lease.release({ outcome: 'completed', browserClosed: 'confirmed' });
  if (round % 10 >= LATE_OF_TEN) return;
  const writing = writeLate(profileId, lease.token);
  late.add(writing);
  void writing.finally(() => late.delete(writing));
};

const worker = await connectWorker(orders.connect);
for (let round = 0; !finishing.signal.aborted; round += 1) {
  const profileId = orders.profileIds[round % orders.profileIds.length] ?? '';
  try {
    await takeOne(worker, profileId, round);
  } catch (error) {
    if (!(error instanceof WorkerError)) throw error;
  }
  await sleep(50 + Math.random() * 100);
}
await Promise.all(late);
await worker.shutdown();
await pool.end();
process.off('disconnect', orphaned);
process.disconnect();
