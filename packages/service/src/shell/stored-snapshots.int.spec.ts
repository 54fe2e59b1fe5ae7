import { migrate } from '@profile-warden/postgres';
import { freshDatabase } from '@profile-warden/testkit/parts';
import { expect, it } from 'vitest';
import { storedSnapshots } from './stored-snapshots.ts';

const once = { onProgress: () => undefined, signal: new AbortController().signal };

it('has no snapshot where the projector has never run, and where it has written none yet', async () => {
  const url = await freshDatabase();
  const snapshots = storedSnapshots(url, 'spec', 1);
  try {
    expect(await snapshots.load(0, once)).toBeNull();
    await migrate(url);
    expect(await snapshots.load(0, once)).toBeNull();
  } finally {
    await snapshots.close();
  }
});

it('cannot be had where the database is away', async () => {
  const url = new URL(await freshDatabase());
  url.pathname = '/nobody-made-this-one';
  const snapshots = storedSnapshots(url.href, 'spec', 1);
  await expect(snapshots.load(0, once)).rejects.toThrow('does not exist');
  await snapshots.close();
});
