import { MemoryLog, VirtualClock } from '../../memory/index.ts';
import { Random } from '../../walk/random.ts';
import { fenceContract, type FenceUnderTest, type OpenWrite } from './fence-contract.ts';
import { fenceGateway } from './fence-gateway.ts';
import { FenceTables, requireToken } from './fence-tables.ts';
import { SimDatabase } from './sim-database.ts';
import { SqlClient } from './sql-client.ts';
import { WriteBooks } from './write-books.ts';

const STEP_MS = 10;
const STEPS_MAX = 1_000;
const ROLLED_BACK = new Error('rolled back');

const opened = (): Promise<FenceUnderTest> => {
  const clock = new VirtualClock();
  const log = new MemoryLog({ clock });
  const books = new WriteBooks(log, (violation) => {
    throw violation;
  });
  const database = new SimDatabase('accounts', clock, new FenceTables());
  const network = { random: new Random(1), isHealed: true, cuts: new Set<string>(), struck: () => true };
  const client = new SqlClient(network, clock.process(), 'spec', database);
  const write = (profileId: string, token: number, seenOffset: number | null): Promise<OpenWrite> => {
    const [entered, ending] = [
      Promise.withResolvers<OpenWrite>(),
      Promise.withResolvers<'commit' | 'rollback'>(),
    ];
    const over = client.transaction(async (query) => {
      await query((backend) =>
        requireToken(database, backend, { profileId, token, seenOffset, partition: 0 }),
      );
      entered.resolve({ commit: () => end('commit'), rollback: () => end('rollback') });
      if ((await ending.promise) === 'rollback') throw ROLLED_BACK;
    });
    const end = async (how: 'commit' | 'rollback'): Promise<void> => {
      ending.resolve(how);
      await over.catch((error: unknown) => {
        if (error !== ROLLED_BACK) throw error;
      });
    };
    over.catch(entered.reject);
    return entered.promise;
  };
  return Promise.resolve({
    gateway: fenceGateway(client, books),
    write,
    done: async <T>(result: Promise<T>): Promise<T> => {
      const state = { isOver: false };
      const over = (): void => void (state.isOver = true);
      result.then(over, over);
      for (let step = 0; step < STEPS_MAX && !state.isOver; step += 1) await clock.advance(STEP_MS);
      return result;
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  });
};

fenceContract('in memory', opened);
