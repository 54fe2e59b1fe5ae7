import { startStack } from '@profile-warden/devstack';
import { ensureFence, openPool } from '@profile-warden/postgres';
import { mkdtemp, rm } from 'node:fs/promises';
const dataDir = await mkdtemp('/tmp/xb-');
const stack = await startStack({ dataDir, parts: ['postgres'] });
const pool = openPool(stack.postgresUrl, { applicationName: 'x' });
await ensureFence(pool);
const n = 10000;
await pool.query(`insert into warden.fence select 'profile-'||i, 1, true, 0, 0 from generate_series(0,${n - 1}) i; update warden.database set partition_count=6, confirmed_identity = warden.database_incarnation(); create table account (profile_id text primary key, balance bigint not null); insert into account select 'profile-'||i, 0 from generate_series(0,${n - 1}) i`);
const c = await pool.connect();
const modes: Record<string, (id: string) => Promise<unknown>> = {
  none: async () => undefined,
  select1: (id) => c.query('select $1::text', [id]),
  token: (id) => c.query('select warden.require_token($1, 1)', [id]),
  named: (id) => c.query({ name: 'rt', text: 'select warden.require_token($1::text, $2::bigint, $3::bigint)', values: [id, 1, null] }),
};
const times: Record<string, number[]> = {};
for (let round = 0; round < 3000; round++)
  for (const [name, ask] of Object.entries(modes)) {
    const id = `profile-${(round * 7) % n}`;
    const t = performance.now();
    await c.query('begin');
    await ask(id);
    await c.query('update account set balance = balance + 1 where profile_id = $1', [id]);
    await c.query('commit');
    (times[name] ??= []).push(performance.now() - t);
  }
const med = (x: number[]) => x.slice(300).sort((a, b) => a - b)[Math.floor((x.length - 300) / 2)]!;
for (const [k, v] of Object.entries(times)) console.log(k, med(v).toFixed(3), (med(v) / med(times['none']!)).toFixed(2));
const r = await c.query(`explain (analyze, timing on) select warden.require_token('profile-77', 1) from generate_series(1,1)`);
console.log(r.rows.map((x) => Object.values(x)[0]).join('\n'));
c.release(); await pool.end(); await stack.stop(); await rm(dataDir, { recursive: true, force: true });
