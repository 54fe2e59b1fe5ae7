import { Fence } from '@profile-warden/fence';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accountDatabase, type AccountDatabase } from './account-database.fixture.ts';
import { accountServer } from './server.ts';

let database: AccountDatabase;
let server: FastifyInstance;
beforeAll(async () => {
  database = await accountDatabase();
  server = accountServer({ pool: database.pool, fence: new Fence({ attemptCountMax: 2 }) });
});
afterAll(async () => {
  await server.close();
  await database[Symbol.asyncDispose]();
});

const post = (profileId: string, payload: object) =>
  server.inject({ method: 'POST', url: `/accounts/${encodeURIComponent(profileId)}/postings`, payload });

describe('a posting', () => {
  it('is booked under the current token', async () => {
    await database.lease('good', 4);
    const answer = await post('good', { token: 4, amount: -30 });
    expect(answer.statusCode).toBe(200);
    expect(answer.json()).toEqual({ profileId: 'good', balance: 70 });
    expect(await database.balance('good')).toBe(70);
  });

  it('is a conflict under an older one, and says what to do', async () => {
    await database.lease('stale', 4);
    const answer = await post('stale', { token: 3, amount: -30 });
    expect(answer.statusCode).toBe(409);
    expect(answer.json()).toMatchObject({
      error: 'stop',
      reason: 'older',
      knownToken: 4,
      message: expect.stringContaining('older than the current token 4') as string,
      whatToDo: expect.stringContaining('give the lease up') as string,
    });
    expect(await database.balance('stale')).toBe(100);
  });

  it('is to be tried again where the database does not know the lease yet', async () => {
    await database.lease('early', 4);
    const answer = await post('early', { token: 5, amount: -30 });
    expect(answer.statusCode).toBe(503);
    expect(answer.headers['retry-after']).toBe('1');
    expect(answer.json()).toMatchObject({ error: 'retry', reason: 'newer' });
    expect((await post('early', { token: 4, seenOffset: 999, amount: 1 })).json()).toMatchObject({
      reason: 'behind',
    });
  });

  it('finds no profile, or no account', async () => {
    expect((await post('nobody', { token: 1, amount: 1 })).json()).toMatchObject({
      error: 'unknown-profile',
    });
    await database.owner.query(`select warden.advance_fence('leased only', 1, true, 0, 500)`);
    const answer = await post('leased only', { token: 1, amount: 1 });
    expect(answer.statusCode).toBe(404);
    expect(answer.json()).toMatchObject({ error: 'no-account' });
  });

  it.each([
    [{ token: '4', amount: 1 }, 'body/token must be integer'],
    [{ token: 0, amount: 1 }, 'body/token must be >= 1'],
    [{ amount: 1 }, "body must have required property 'token'"],
    [{ token: 1, amount: 0.5 }, 'body/amount must be integer'],
  ])('is refused before anything is asked: %j', async (payload, message) => {
    const answer = await post('good', payload);
    expect(answer.statusCode).toBe(400);
    expect(answer.json()).toEqual({ error: 'bad-request', message });
  });

  it('is refused with an id that no profile can have', async () => {
    const answer = await post('x'.repeat(129), { token: 1, amount: 1 });
    expect(answer.statusCode).toBe(400);
    expect(answer.json()).toMatchObject({ message: expect.stringContaining('bad-profile-id') as string });
  });

  it('tells a stranger nothing about a failure of its own', async () => {
    await database.lease('overflow', 1);
    await database.owner.query(`begin; select warden.require_token('overflow', 1)`);
    await database.owner.query(
      `update account set balance = 2147483647 where profile_id = 'overflow'; commit`,
    );
    const answer = await post('overflow', { token: 1, amount: 1 });
    expect(answer.statusCode).toBe(500);
    expect(answer.json()).toEqual({
      error: 'internal',
      message: 'The service has failed; its log says why.',
    });
  });
});
