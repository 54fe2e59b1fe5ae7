import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  loadTargetStates,
  newestTargetChanges,
  recordRetirement,
  recordTargets,
  removeTargetStates,
  writeTargetStates,
  type FenceTargetState,
} from './index.ts';
import { readModelDatabase, type ReadModelDatabase } from './read-model.fixture.ts';

let database: ReadModelDatabase;
beforeAll(async () => {
  database = await readModelDatabase();
});
afterAll(() => database[Symbol.asyncDispose]());

const state = (target: string, change: Partial<FenceTargetState> = {}): FenceTargetState => ({
  target,
  isReachable: true,
  since: 1_700_000_000_123,
  incarnation: 'db:1',
  lastError: null,
  pendingCount: 0,
  blocked: [],
  ...change,
});

describe('what a projector says of its fence targets', () => {
  it('is kept apart from what others say, and replaced as a whole', async () => {
    const { pool } = database;
    const blocked = [
      {
        profileId: 'p\0',
        token: 3,
        since: 5,
        sessions: [{ pid: 7, applicationName: null, userName: 'u', since: 4 }],
      },
    ];
    await writeTargetStates(pool, 'one', [state('accounts'), state('orders')]);
    await writeTargetStates(pool, 'two', [state('accounts')]);
    await writeTargetStates(pool, 'one', [
      state('accounts', { isReachable: false, lastError: 'gone', blocked }),
    ]);
    expect(await loadTargetStates(pool)).toMatchObject([
      { ...state('accounts'), projector: 'one', isReachable: false, lastError: 'gone', blocked },
      { ...state('accounts'), projector: 'two' },
      { ...state('orders'), projector: 'one' },
    ]);
    await removeTargetStates(pool, 'one');
    expect((await loadTargetStates(pool)).map(({ projector }) => projector)).toEqual(['two']);
  });

  it('is forgotten a day after a projector that ended without a word', async () => {
    const { pool } = database;
    await writeTargetStates(pool, 'lost', [state('accounts')]);
    await pool.query(
      `update fence_target_state set seen_at = now() - interval '25 hours' where projector = 'lost'`,
    );
    await writeTargetStates(pool, 'three', [state('accounts')]);
    expect((await loadTargetStates(pool)).map(({ projector }) => projector)).not.toContain('lost');
  });
});

describe('the list of fence targets', () => {
  const author = { byWhom: 'olga', projector: 'projector-1' };

  it('is recorded as it changes, once for projectors that start with the same one', async () => {
    const { pool } = database;
    const first = [
      { target: 'accounts', address: 'a:1/x' },
      { target: 'orders', address: 'o:1/x' },
    ];
    const both = await Promise.all([recordTargets(pool, first, author), recordTargets(pool, first, author)]);
    expect(both.flat().map(({ target, what }) => `${target} ${what}`)).toEqual([
      'accounts added',
      'orders added',
    ]);
    const second = [{ target: 'accounts', address: 'b:1/x' }];
    expect(await recordTargets(pool, second, author)).toEqual([
      { target: 'accounts', address: 'b:1/x', what: 'moved' },
      { target: 'orders', address: 'o:1/x', what: 'removed' },
    ]);
    await recordRetirement(pool, { target: 'orders', address: 'o:1/x' }, { ...author, reason: 'scrapped' });
    expect(await newestTargetChanges(pool)).toMatchObject([
      { target: 'accounts', what: 'moved', byWhom: 'olga', projector: 'projector-1', reason: null },
      { target: 'orders', what: 'retired', reason: 'scrapped' },
    ]);
    expect(await recordTargets(pool, first, author)).toMatchObject([
      { target: 'accounts', what: 'moved' },
      { target: 'orders', what: 'added' },
    ]);
  });
});
