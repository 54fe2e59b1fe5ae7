import { StatementProxy } from '@profile-warden/testkit/proxy';
import { openPool } from '@profile-warden/postgres';
import { beat, stepStarted } from '@profile-warden/testkit/spec';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { projectedLog, type ProjectedLog } from './projector-process.fixture.ts';

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url));
const SHOPS = ['shop-1', 'shop-2', 'shop-3', 'shop-4'];
const SCHEMAS = `select nspname as name from pg_namespace where nspname like 'warden%' order by 1`;

let projection: ProjectedLog;

beforeAll(async () => {
  projection = await projectedLog();
  for (const id of SHOPS) await projection.log.bringToReview(id);
  await using _projector = await projection.startProjector();
  await projection.projected();
});
afterAll(() => projection[Symbol.asyncDispose]());

const verified = async (): Promise<void> => {
  const { code, out } = await projection.warden('projection', 'verify');
  expect(out.filter((line) => line.includes('  same  '))).toHaveLength(2);
  expect(code).toBe(0);
};

/** One line of JSON. */
const rebuilt = async (...args: readonly string[]): Promise<Record<string, unknown>> => {
  const { code, out, err } = await projection.warden('projection', 'rebuild', '--json', ...args);
  expect(err).toBe('');
  expect(code).toBe(0);
  return JSON.parse(out.at(-1) ?? 'null') as Record<string, unknown>;
};

const schemas = async (): Promise<readonly string[]> =>
  (await projection.pool.query<{ name: string }>(SCHEMAS)).rows.map(({ name }) => name);

/** Heartbeats and steps until it is told to stop; returns how many records it has written. */
const load = (signal: AbortSignal): Promise<number> => {
  let written = 0;
  const run = async (): Promise<number> => {
    while (!signal.aborted) {
      for (const id of SHOPS)
        await projection.log.append(id, beat(), stepStarted(`s${written}`, 'read'), beat());
      written += 3 * SHOPS.length;
      await sleep(10);
    }
    return written;
  };
  return run();
};

describe('projection rebuild', () => {
  it('sets right what was changed by hand, and says whether anything was', async () => {
    expect(await rebuilt()).toMatchObject({ partitions: [{ sameHash: true }, { sameHash: true }] });
    await projection.pool.query(`update profile set token = 9 where profile_id = 'shop-1'`);
    await projection.pool.query(`delete from event_archive`);
    await projection.pool.query(`update recovery_case set cause = 'x'`);
    await rebuilt();
    await verified();
    expect(await schemas()).toEqual(['warden_read']);
  });

  it('works under a projector that goes on, and the projector never notices', async () => {
    await using services = await projection.startProjector();
    const { pid } = services.of('projector');
    const over = new AbortController();
    const loading = load(over.signal);
    await projection.pool.query(`update profile set token = 9 where profile_id = 'shop-2'`);
    for (let round = 0; round < 3; round += 1) await rebuilt();
    over.abort();
    expect(await loading).toBeGreaterThan(100);
    await projection.projected();
    await verified();
    // It is still the same process, and still at work.
    expect(() => process.kill(pid, 0)).not.toThrow();
    await projection.log.append('shop-1', beat());
    await projection.projected();
  });

  it('ends a projector that has written something else, which then starts again from what is there', async () => {
    await using services = await projection.startProjector();
    const handle = services.of('projector');
    // As after a rebuild by another release, that has the same state in other words.
    await projection.pool.query(`update projection_offset set hash = md5(hash)`);
    await projection.log.append('shop-1', beat());
    await projection.log.append('shop-2', beat());
    for (let waitedMs = 0; isAlive(handle.pid); waitedMs += 50) {
      expect(waitedMs).toBeLessThan(10_000);
      await sleep(50);
    }
    await handle.restart();
    await projection.projected();
    await verified();
  });

  it.each([
    ['after', /^insert into event_archive/],
    ['before', /^lock table/],
    ['after', /rename to warden_replaced$/],
    ['after', /^drop schema warden_replaced/],
  ] as const)('killed %s the statement %s leaves the live one as it was', async (moment, statement) => {
    await projection.pool.query(`update profile set token = 9 where profile_id = 'shop-3'`);
    await killedAt(statement, moment);
    const { rows } = await projection.pool.query(`select token from profile where profile_id = 'shop-3'`);
    expect(rows).toEqual([{ token: 9 }]);
    await rebuilt();
    await verified();
    expect(await schemas()).toEqual(['warden_read']);
  });

  it('killed behind its commit has done its work', async () => {
    await projection.pool.query(`update profile set token = 9 where profile_id = 'shop-3'`);
    // The commits before belong to batches; that of the switch follows the last drop.
    await killedAt(/^drop schema if exists warden_rebuild cascade$/, 'before', 2);
    await verified();
    expect(await schemas()).toEqual(['warden_read']);
  });

  it('keeps owner, grants and what is no image of the log', async () => {
    const { pool } = projection;
    const suffix = Date.now().toString(36);
    const [owner, reader] = [`owner_${suffix}`, `reader_${suffix}`];
    await pool.query(`create role ${owner}; create role ${reader}`);
    await pool.query(`
      grant create on database ${new URL(projection.url).pathname.slice(1)} to ${owner};
      alter schema warden_read owner to ${owner};
      alter table profile owner to ${owner};
      grant usage on schema warden_read to ${reader} with grant option;
      grant select on profile, event_archive to ${reader};
      grant select (partition, next_offset) on projection_offset to public;
      grant usage on sequence fence_target_change_id_seq to ${reader};
      alter default privileges in schema warden_read grant select on tables to ${reader};
      insert into fence_target_change (target, what, address, by_whom, projector) values ('t', 'added', 'a', 'o', 'p')`);
    const before = await rights();
    await rebuilt();
    expect(await rights()).toEqual(before);
    expect(before).toContainEqual(expect.stringMatching(/^profile owner_\w+ \d+ SELECT f$/));
    expect(before).toContainEqual(expect.stringMatching(/^default r .+ SELECT f$/));
    const { rows } = await pool.query(
      `insert into fence_target_change (target, what, address, by_whom, projector)
       values ('t', 'removed', 'a', 'o', 'p') returning id`,
    );
    expect(rows).toEqual([{ id: 2 }]);
  });

  it('refuses while another is under way, or where something stands on the read model', async () => {
    const { pool } = projection;
    const other = openPool(projection.url, { applicationName: 'spec' });
    const client = await other.connect();
    await client.query('select pg_advisory_lock(7241865325823966)');
    const busy = await projection.warden('projection', 'rebuild');
    expect(busy).toMatchObject({ code: 3 });
    expect(busy.err).toContain('rebuild-under-way: ');
    client.release(true);
    await other.end();

    await pool.query('create view public.held as select * from warden_read.profile');
    await pool.query('create index of_mine on profile (token)');
    const refused = await projection.warden('projection', 'rebuild', '--json');
    expect(refused).toMatchObject({ code: 3 });
    expect(refused.err).toContain('foreign-objects: ');
    expect(refused.err).toMatch(/index of_mine; .*view held/);
    await pool.query('drop view public.held');
    await pool.query('drop index of_mine');
    expect(await schemas()).toEqual(['warden_read']);
    await rebuilt();
  });

  it('goes back to a shorter log only where that is accepted', async () => {
    await projection.pool.query('update projection_offset set next_offset = 1000000 where partition = 1');
    const { code, err } = await projection.warden('projection', 'rebuild');
    expect(code).toBe(1);
    expect(err).toContain('log-shorter: partition 1: ');
    await rebuilt('--accept-shorter-log');
    await verified();
  });

  it('makes one where there is none', async () => {
    await projection.pool.query('drop schema warden_read cascade');
    await rebuilt();
    await verified();
  });
});

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

/** Runs the command as a process and kills it where the statement comes for the nth time. */
const killedAt = async (statement: RegExp, moment: 'before' | 'after', nth = 1): Promise<void> => {
  await using proxy = await StatementProxy.open(projection.url);
  const child = spawn(process.execPath, [MAIN, 'projection', 'rebuild'], {
    env: { ...process.env, ...projection.env, WARDEN_DATABASE_URL: proxy.url },
    stdio: 'ignore',
  });
  const ended = once(child, 'exit');
  await Promise.race([proxy.at(statement, moment, () => void child.kill('SIGKILL'), nth), ended]);
  expect(await ended).toEqual([null, 'SIGKILL']);
  // The server ends a transaction when it sees that the client is gone.
  await sleep(100);
};

/** Owners and grants of all that the schema has, without whoever granted it. */
const rights = async (): Promise<readonly string[]> => {
  const { rows } = await projection.pool.query<{ line: string }>(`
    select concat_ws(' ', o.name, o.owner::regrole, a.grantee, a.privilege_type, a.is_grantable) as line
    from (
      select 'schema' as name, nspowner as owner, nspacl as acl from pg_namespace where nspname = 'warden_read'
      union all
      select relname, relowner, relacl from pg_class
      where relnamespace = 'warden_read'::regnamespace and relkind in ('r', 'S')
      union all
      select c.relname || '.' || t.attname, c.relowner, t.attacl from pg_attribute t join pg_class c on c.oid = t.attrelid
      where c.relnamespace = 'warden_read'::regnamespace and t.attacl is not null
      union all
      select 'default ' || defaclobjtype::text, defaclrole, defaclacl from pg_default_acl
      where defaclnamespace = 'warden_read'::regnamespace
    ) o left join lateral aclexplode(o.acl) a on a.grantee <> o.owner order by 1`);
  return rows.map(({ line }) => line);
};
