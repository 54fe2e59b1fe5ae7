import { describe, expect, it } from 'vitest';
import { DomainBench } from './domain-services.fixture.ts';
import type { Lease } from './lease.ts';
import type { MemoryLog } from './memory-log.fixture.ts';
import type { Worker } from './worker.ts';
import type { WorkerOptions } from './worker-options.ts';

const ask = { profileId: 'p1', taskId: 't1' };

interface Scene {
  readonly bench: DomainBench;
  readonly worker: Worker;
  readonly log: MemoryLog;
  /** The holder gives the profile back, and the request that was given up is granted; the worker hears nothing yet. */
  readonly grantUnheard: () => Promise<void>;
  /** The worker hears it, and all that comes of it happens. */
  readonly hear: () => Promise<void>;
}

/** A worker whose first request for a held profile was given up after 2 s and still waits in line for 60 s. */
async function givenUp(options: Partial<WorkerOptions> = {}): Promise<Scene> {
  const bench = new DomainBench();
  const { worker: holder } = await bench.worker('w1');
  const { worker, log } = await bench.worker('w2', options);
  const holding = holder.acquire(ask);
  await bench.calm();
  const lease = await holding;
  const stop = new AbortController();
  const first = worker.acquire({ ...ask, waitMs: 60_000, signal: stop.signal }).catch((e: unknown) => e);
  await bench.advance(2_000);
  stop.abort();
  expect(await first).toMatchObject({ code: 'acquire-aborted' });
  const grantUnheard = async (): Promise<void> => {
    log.hold();
    const released = lease.release({ browserClosed: 'confirmed' });
    await bench.calm();
    await released;
  };
  const hear = async (): Promise<void> => {
    log.letGo();
    await bench.calm();
  };
  return { bench, worker, log, grantUnheard, hear };
}

const caught = (asked: Promise<Lease>): Promise<unknown> => asked.catch((error: unknown) => error);
const isRelease = ({ type }: { type: string }): boolean => type === 'ReleaseRequested';

describe('a profile that is asked for again', () => {
  it('while the request that was given up waits in line is had after that one', async () => {
    const { bench, worker, grantUnheard, hear } = await givenUp();
    const again = worker.acquire({ ...ask, waitMs: 60_000 });
    await bench.advance(5_000);
    await grantUnheard();
    await hear();
    const lease = await again;
    expect(lease.token).toBe(3);
    expect(lease.canAct()).toBe(true);
    expect(bench.stageOf('p1')).toBe('held');
    expect(bench.log.of('LeaseDenied')).toMatchObject([{ reason: 'already-yours', token: 2 }]);
    expect(bench.log.of('LeaseRequested').map(({ waitMs }) => waitMs)).toEqual([0, 60_000, 60_000, 55_000]);
  });

  it('while the late grant is being released is had as well, without a wait of its own', async () => {
    const { bench, worker, grantUnheard, hear } = await givenUp();
    await grantUnheard();
    const again = worker.acquire(ask);
    await bench.calm();
    await hear();
    expect((await again).token).toBe(3);
    expect(bench.log.of('LeaseReleased')).toMatchObject([{ token: 1 }, { token: 2 }]);
  });

  it('is waited for no longer than was said', async () => {
    const { bench, worker, log, grantUnheard, hear } = await givenUp({ answerTimeoutMs: 5_000 });
    log.fail('lost', isRelease);
    const again = caught(worker.acquire({ ...ask, waitMs: 4_000 }));
    await grantUnheard();
    await hear();
    await bench.advance(9_000);
    expect(await again).toMatchObject({ code: 'acquire-timeout', waitedMs: 9_000 });
    expect(bench.log.of('LeaseRequested')).toHaveLength(3);
  });

  it('is asked for one more time only', async () => {
    const { bench, worker, log, grantUnheard, hear } = await givenUp();
    log.fail('lost', isRelease);
    const again = caught(worker.acquire({ ...ask, waitMs: 60_000 }));
    await grantUnheard();
    await hear();
    await bench.advance(16_000);
    expect(await again).toMatchObject({ reason: 'already-yours', token: 2 });
    expect(bench.log.of('LeaseRequested')).toHaveLength(4);
  });

  it('is given up again by its own signal, and by a shutdown', async () => {
    const { bench, worker, log, grantUnheard, hear } = await givenUp();
    log.fail('lost', isRelease);
    const stop = new AbortController();
    const one = caught(worker.acquire({ ...ask, waitMs: 60_000, signal: stop.signal }));
    const other = caught(worker.acquire({ ...ask, waitMs: 60_000 }));
    await grantUnheard();
    await hear();
    stop.abort();
    expect(await one).toMatchObject({ code: 'acquire-aborted' });
    const done = worker.shutdown();
    expect(await other).toMatchObject({ code: 'worker-closed' });
    await bench.advance(30_000);
    await done;
    expect(bench.log.of('LeaseRequested')).toHaveLength(4);
  });

  it('is refused at once where a lease of the worker has it', async () => {
    const { bench, worker, grantUnheard, hear } = await givenUp();
    await grantUnheard();
    await hear();
    const again = worker.acquire(ask);
    await bench.calm();
    await again;
    const third = caught(worker.acquire({ ...ask, waitMs: 60_000 }));
    await bench.calm();
    expect(await third).toMatchObject({ reason: 'already-yours', token: 3 });
    expect(bench.log.of('LeaseRequested')).toHaveLength(4);
  });
});
