import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { projectedLog, type ProjectedLog } from './projector-process.fixture.ts';

const TABLES = ['projection_offset', 'profile', 'recovery_case', 'event_archive'] as const;
const OF_SHOP = `where profile_id = 'shop-1'`;
const GRANT = `where profile_id = 'shop-1' and type = 'LeaseGranted'`;

let projection: ProjectedLog;

beforeAll(async () => {
  projection = await projectedLog();
  for (const id of ['shop-1', 'shop-2', 'shop-3', 'shop-4']) await projection.log.bringToReview(id);
  await using _projector = await projection.startProjector();
  await projection.projected();
  await projection.pool.query('create schema kept');
  for (const table of TABLES) await projection.pool.query(`create table kept.${table} as table ${table}`);
});
afterAll(() => projection[Symbol.asyncDispose]());

const verify = async () => {
  const { code, out, err } = await projection.warden('projection', 'verify', '--json');
  return { code, err, answer: JSON.parse(out[0] ?? 'null') as { partitions: Record<string, unknown>[] } };
};

const restored = async (): Promise<void> => {
  for (const table of TABLES) {
    await projection.pool.query(`truncate ${table}`);
    await projection.pool.query(`insert into ${table} select * from kept.${table}`);
  }
};

describe('projection verify', () => {
  it('vouches for what the projector wrote, by one hash for each partition', async () => {
    const { code, answer } = await verify();
    expect(answer.partitions).toHaveLength(2);
    for (const one of answer.partitions) {
      expect(one).toMatchObject({ verdict: 'same', difference: null });
      expect(one['storedHash']).toBe(one['foldedHash']);
      expect(one['eventCount']).toBeGreaterThan(0);
    }
    expect(code).toBe(0);
    const { out } = await projection.warden('projection', 'verify');
    expect(out[0]).toMatch(
      /^partition 0 {2}same {5}up to offset \d+: \d profiles, \d cases, \d+ events, [0-9a-f]{16}$/,
    );
  });

  it.each([
    [`update profile set token = 7 ${OF_SHOP}`, 'profile', 'shop-1', 'token', '7', '1'],
    [
      `update profile set state = jsonb_set(state::jsonb, '{round}', '5') ${OF_SHOP}`,
      'profile',
      'shop-1',
      'state.round',
      '5',
      '1',
    ],
    [
      `update profile set since_at = since_at + interval '1 ms' ${OF_SHOP}`,
      'profile',
      'shop-1',
      'since_at',
      null,
      null,
    ],
    [`update profile set folded_offset = 0 ${OF_SHOP}`, 'profile', 'shop-1', 'folded_offset', '0', null],
    [`delete from profile ${OF_SHOP}`, 'profile', 'shop-1', '', 'missing', null],
    [
      `insert into profile select 'shop-0', partition, lifecycle, token, since_offset, since_at, folded_offset, state from profile ${OF_SHOP}`,
      'profile',
      'shop-0',
      '',
      null,
      'missing',
    ],
    [
      `update recovery_case set cause = 'other' ${OF_SHOP}`,
      'recovery_case',
      '1/1/shop-1',
      'cause',
      '"other"',
      '"heartbeat-stopped"',
    ],
    [
      `update recovery_case set decision = null ${OF_SHOP}`,
      'recovery_case',
      '1/1/shop-1',
      'decision',
      'null',
      null,
    ],
    [`delete from recovery_case ${OF_SHOP}`, 'recovery_case', '1/1/shop-1', '', 'missing', null],
    [
      `update event_archive set body = jsonb_set(body::jsonb, '{token}', '3') ${GRANT}`,
      'event_archive',
      null,
      'body.token',
      '3',
      '1',
    ],
    [`delete from event_archive ${GRANT}`, 'event_archive', null, '', 'missing', null],
    [
      `insert into event_archive select partition, 900000, broker_at, profile_id, type, event_id, body from event_archive ${GRANT}`,
      'event_archive',
      'offset 900000',
      '',
      null,
      'missing',
    ],
    [
      `update projection_offset set state = jsonb_set(state::jsonb, '{epoch}', '77')`,
      'projection_offset',
      null,
      'state.epoch',
      '77',
      null,
    ],
    [
      `update projection_offset set last_record_id = 'x'`,
      'projection_offset',
      null,
      'last_record_id',
      '"x"',
      null,
    ],
    [`update projection_offset set hash = 'x'`, 'projection_offset', null, 'hash', '"x"', null],
    [`delete from projection_offset`, 'profile', null, '', null, 'missing'],
  ])('finds out about %s', async (byHand, table, row, field, stored, folded) => {
    try {
      await projection.pool.query(byHand);
      const { code, err, answer } = await verify();
      expect(code).toBe(1);
      expect(err).toContain('read-model-differs: ');
      const differing = answer.partitions.find(({ verdict }) => verdict === 'differs');
      expect(differing?.['difference']).toMatchObject({
        table,
        field,
        ...(row !== null && { row }),
        ...(stored !== null && { stored }),
        ...(folded !== null && { folded }),
      });
    } finally {
      await restored();
    }
  });

  it('says it in a line to a person', async () => {
    try {
      await projection.pool.query(`update profile set token = 7 ${OF_SHOP}`);
      const { out } = await projection.warden('projection', 'verify');
      expect(out.join('\n')).toMatch(
        /^partition \d {2}DIFFERS {2}profile shop-1, field token: the database has 7, the log says 1$/m,
      );
    } finally {
      await restored();
    }
  });

  it('says so where the read model is beyond the log, or where there is none', async () => {
    try {
      await projection.pool.query('update projection_offset set next_offset = 1000000 where partition = 1');
      const { code, answer } = await verify();
      expect(code).toBe(1);
      expect(answer.partitions.map(({ verdict }) => verdict)).toEqual(['same', 'log-shorter']);
    } finally {
      await restored();
    }
    const nowhere = new URL(projection.url);
    nowhere.pathname = '/postgres';
    const { code, err } = await projection.warden('projection', 'verify', '--database-url', nowhere.href);
    expect(code).toBe(1);
    expect(err).toContain('read-model-missing: ');
  });
});
