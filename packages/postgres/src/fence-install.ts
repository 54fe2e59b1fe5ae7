import { FENCE_VERSION, installFence, installedFence } from '@profile-warden/fence';
import type { Pool } from 'pg';
import { withConnection } from './transaction.ts';

/** Installs the fence unless this version or a newer one is there. Fails with 42501 where the role may not. */
export const ensureFence = (pool: Pool): Promise<'installed' | 'present'> =>
  withConnection(pool, async (client) => {
    const version = await installedFence(client);
    if (version !== null && version >= FENCE_VERSION) return 'present';
    await installFence(client);
    return 'installed';
  });
