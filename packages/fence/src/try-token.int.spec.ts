import type pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { FenceDatabase } from './fence-database.fixture.ts';
import { end, fenceDatabase, grant, mark } from './fence-database.fixture.ts';

let database: FenceDatabase;
let writer: pg.Client;

beforeAll(async () => {
  database = await fenceDatabase();
  writer = await database.connect();
  await grant(database.projector, 'held', 3, 10);
  await grant(database.projector, 'ended', 3, 10);
  await end(database.projector, 'ended', 3, 11);
  await grant(database.projector, 'revoked', 3, 10);
  await mark(database.projector, 'revoked', 3, 12);
});
afterAll(() => database[Symbol.asyncDispose]());
beforeEach(() =>
  writer.query('rollback').then(
    () => undefined,
    () => undefined,
  ),
);

async function verdict(args: string): Promise<unknown> {
  const { rows } = await writer.query(`select * from warden.try_token(${args})`);
  return rows[0];
}

/** What require_token raises for the same, in the same words. */
async function raised(args: string): Promise<unknown> {
  await writer.query('savepoint before');
  try {
    await writer.query(`select warden.require_token(${args})`);
    return { ok: true, sqlstate: null, reason: null, message: null };
  } catch (error) {
    const { code, message, detail } = error as pg.DatabaseError;
    const { reason } = JSON.parse(detail ?? '{}') as { reason: string };
    return { ok: false, sqlstate: code, reason, message };
  } finally {
    await writer.query('rollback to before');
  }
}

describe('try_token', () => {
  it.each([
    [`'held', 3`, null, null, 3],
    [`'held', 3, 10`, null, null, 3],
    [`'held', 2`, 'WD001', 'older', 3],
    [`'ended', 3`, 'WD001', 'ended', 3],
    [`'revoked', 3`, 'WD001', 'revoked', 3],
    [`'held', 4`, 'WD002', 'newer', 3],
    [`'held', 3, 11`, 'WD002', 'behind', 3],
    [`'unheard', 1`, 'WD003', 'unknown-profile', null],
  ])(
    'answers as require_token raises, and the transaction goes on: %s',
    async (args, sqlstate, reason, known) => {
      await writer.query('begin');
      const answer = await verdict(args);
      expect(answer).toMatchObject({
        ok: sqlstate === null,
        sqlstate,
        reason,
        known_token: known === null ? null : String(known),
      });
      expect(answer).toMatchObject((await raised(args)) as object);
      await writer.query('commit');
    },
  );

  it('locks the row as require_token does', async () => {
    await writer.query('begin');
    await verdict(`'held', 3`);
    const { rows } = await database.projector.query<{ answer: string }>(
      `select warden.advance_fence('held', 4, true, 0, 20, false) as answer`,
    );
    expect(rows).toEqual([{ answer: 'locked' }]);
    await writer.query('rollback');
  });

  it('locks nothing where it refuses, so that the fence can move under whoever asked too early', async () => {
    await grant(database.projector, 'early', 1, 1);
    await writer.query('begin');
    expect(await verdict(`'early', 2`)).toMatchObject({ ok: false, reason: 'newer' });
    const { rows } = await database.projector.query<{ answer: string }>(
      `select warden.advance_fence('early', 2, true, 0, 2, false) as answer`,
    );
    expect(rows).toEqual([{ answer: 'changed' }]);
    expect(await verdict(`'early', 2`)).toMatchObject({ ok: true });
    await writer.query('rollback');
  });

  it('still refuses what no caller can mean', async () => {
    for (const args of [`'', 1`, `'held', 0`, `'held', null`, `'held', 1, -1`])
      await expect(verdict(args)).rejects.toMatchObject({ code: '22023' });
  });
});
