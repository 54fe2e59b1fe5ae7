import type * as FileSystem from 'node:fs/promises';
import { describe, expect, it, vi } from 'vitest';
import { startBench } from './authority.fixture.ts';
import { settle } from './memory-log.fixture.ts';

/** A file system that answers when it is told to: a mount may take its time. */
const disk = vi.hoisted(() => ({ answer: (): void => undefined }));
vi.mock('node:fs/promises', async (original) => ({
  ...(await original<typeof FileSystem>()),
  stat: () => new Promise((resolve) => (disk.answer = () => resolve({ dev: 65_024n, ino: 4_711n }))),
}));

const ask = { profileId: 'p1', taskId: 't1', profileDirectory: '/profiles/p1' };

describe('a request for a profile with a directory', () => {
  it('says which directory lies under the path', async () => {
    const { log, authority, worker } = await startBench();
    const asked = worker.acquire(ask);
    await settle();
    expect(log.of('LeaseRequested')).toEqual([]);
    disk.answer();
    await settle();
    expect(log.of('LeaseRequested')).toMatchObject([
      { profileDirectory: '/profiles/p1', profileDirectoryId: '65024:4711' },
    ]);
    authority.grant('p1');
    expect((await asked).profileId).toBe('p1');
  });

  it('is not sent when it was given up before the directory had answered', async () => {
    const { log, worker } = await startBench();
    const giveUp = new AbortController();
    const asked = worker.acquire({ ...ask, signal: giveUp.signal });
    await settle();
    giveUp.abort();
    await expect(asked).rejects.toMatchObject({ code: 'acquire-aborted' });
    disk.answer();
    await settle();
    expect(log.of('LeaseRequested')).toEqual([]);
  });

  it('is not sent when its time was over before the directory had answered', async () => {
    const { clock, log, worker } = await startBench();
    const asked = worker.acquire(ask).catch((error: unknown) => error);
    await settle();
    await clock.advance(120_000);
    expect(await asked).toMatchObject({ code: 'acquire-timeout' });
    disk.answer();
    await settle();
    expect(log.of('LeaseRequested')).toEqual([]);
  });
});
