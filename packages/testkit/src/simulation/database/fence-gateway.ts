import type { FenceChange } from '@profile-warden/postgres';
import type { FenceGateway } from '@profile-warden/projector';
import type { Backend } from './sim-database.ts';
import {
  advanceFence,
  fenceRows,
  markRevoked,
  raiseFence,
  reportProgress,
  type FenceTables,
} from './fence-tables.ts';
import type { SqlClient } from './sql-client.ts';
import { SqlError } from './sql-error.ts';

export interface FenceWatch {
  /** A mark was committed. */
  readonly marked: (target: string, profileId: string, token: number) => void;
}

/** The projector's way to one fence target, statement by statement as the real one goes it. */
export const fenceGateway = (client: SqlClient<FenceTables>, watch: FenceWatch): FenceGateway => {
  const { database } = client;
  const carry = (backend: Backend, change: FenceChange, boundMs: number | null): Promise<string> =>
    (change.status === 'revoked' ? raiseFence : advanceFence)(database, backend, change, boundMs);
  return {
    ensure: async () => {
      await client.statement(() => undefined);
    },
    incarnation: () => client.statement(() => database.identity),
    rows: (partition) => client.statement(() => fenceRows(database, partition)),
    mark: async (changes) => {
      await client.statement(() => {
        for (const change of changes) {
          markRevoked(database, change);
          watch.marked(database.name, change.profileId, change.token);
        }
      });
    },
    set: (changes) =>
      client.statement(async (backend) => {
        const locked: string[] = [];
        for (const change of [...changes].sort((one, two) => (one.profileId < two.profileId ? -1 : 1)))
          if ((await carry(backend, change, null)) === 'locked') locked.push(change.profileId);
        return locked;
      }),
    wait: async (change, { lockTimeoutMs, onBlocked }) => {
      try {
        await client.transaction(async (query) => {
          const forget = database.clock.after(lockTimeoutMs / 2, () => onBlocked?.([]));
          try {
            await query((backend) => carry(backend, change, lockTimeoutMs));
          } finally {
            forget();
          }
        });
        return true;
      } catch (error) {
        if (error instanceof SqlError && error.code === '55P03') return false;
        throw error;
      }
    },
    report: (progress, incarnation) =>
      client.statement(() => reportProgress(database, progress, incarnation)),
  };
};
