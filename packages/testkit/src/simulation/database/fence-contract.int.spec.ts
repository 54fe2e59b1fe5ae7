import { requireToken } from '@profile-warden/fence';
import { openPool } from '@profile-warden/postgres';
import { fenceGateway } from '@profile-warden/projector';
import { freshDatabase } from '../../parts/index.ts';
import { fenceContract, type FenceUnderTest, type OpenWrite } from './fence-contract.ts';

const opened = async (): Promise<FenceUnderTest> => {
  const pool = openPool(await freshDatabase(), { applicationName: 'fence-contract' });
  const write = async (profileId: string, token: number, seenOffset: number | null): Promise<OpenWrite> => {
    const client = await pool.connect();
    const end = async (how: string): Promise<void> => {
      await client.query(how);
      client.release();
    };
    try {
      await client.query('begin');
      await requireToken(client, { profileId, token, ...(seenOffset === null ? {} : { seenOffset }) });
    } catch (error) {
      await end('rollback');
      throw error;
    }
    return { commit: () => end('commit'), rollback: () => end('rollback') };
  };
  return {
    gateway: fenceGateway(pool),
    write,
    done: (result) => result,
    [Symbol.asyncDispose]: () => pool.end(),
  };
};

fenceContract('in PostgreSQL', opened);
