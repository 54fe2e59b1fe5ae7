import {
  READ_SCHEMA,
  migrate,
  newestTargetChanges,
  openPool,
  recordTargets,
  removeTargetStates,
  writeTargetStates,
  type Pool,
} from '@profile-warden/postgres';
import { freshDatabase } from '@profile-warden/testkit/parts';
import { beat, evidence, leaseGranted, quarantineRequested, request } from '@profile-warden/testkit/spec';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runWarden, wardenFixture, type Ran, type WardenFixture } from '../warden.fixture.ts';

const MAIN = { target: 'main', address: 'db-1:5432/accounts' };
const OLD = { target: 'old', address: 'db-0:5432/accounts' };
const AUTHOR = { byWhom: 'olga', projector: 'projector-1' };

let fixture: WardenFixture;
let pool: Pool;
let url: string;
beforeAll(async () => {
  fixture = await wardenFixture();
  url = await freshDatabase();
  await migrate(url);
  pool = openPool(url, { applicationName: 'spec', schema: READ_SCHEMA });
});
afterAll(async () => {
  await pool.end();
  await fixture.close();
});

const retire = (...more: readonly string[]): Promise<Ran> =>
  runWarden(['fence', 'retire', 'old', '--reason', 'the server was scrapped', ...more], {
    ...fixture.env,
    WARDEN_DATABASE_URL: url,
  });

/** The authority of the fixture has its epoch at the first offset of each partition. */
const quarantine = (profileId: string, ...fenceTargets: readonly string[]): Promise<readonly number[]> =>
  fixture.append(profileId, request(), leaseGranted(0, { leaseMs: 300 }), beat(), quarantineRequested(), {
    type: 'Quarantined',
    epoch: 0,
    token: 1,
    round: 1,
    cause: 'operator',
    suspicionOffset: null,
    fenceTargets: [...fenceTargets],
  });

describe('fence retire', () => {
  it('is refused for a target of which no projector knows', async () => {
    const { code, err } = await retire('--yes');
    expect(err).toMatch(/^target-unknown: /);
    expect(code).toBe(3);
  });

  it('is refused while the target is in the list, and while a projector still serves it', async () => {
    await recordTargets(pool, [MAIN, OLD], AUTHOR);
    await quarantine('shop-1', 'old');
    await quarantine('shop-2', 'main', 'old');
    await quarantine('shop-3', 'main');
    const listed = await retire('--yes');
    expect(listed.err).toMatch(/^target-served: old \(db-0:5432\/accounts\) is served/);
    expect(listed.code).toBe(3);
    await recordTargets(pool, [MAIN], AUTHOR);
    await writeTargetStates(pool, 'projector-2', [
      {
        target: 'old',
        isReachable: false,
        since: 0,
        incarnation: null,
        lastError: 'gone',
        pendingCount: 1,
        blocked: [],
      },
    ]);
    const served = await retire('--yes');
    expect(served.err).toMatch(/^target-served: .*projector-2/);
    expect(served.code).toBe(3);
    await removeTargetStates(pool, 'projector-2');
  });

  it('says what is vouched for and for which cases, and without --yes changes nothing', async () => {
    const before = await fixture.ends();
    const { code, out } = await retire();
    const text = out.join('\n');
    expect(text).toMatch(/nothing can be committed any more at db-0:5432\/accounts under the tokens/);
    expect(text).toMatch(/shop-1, token 1, round 1, partition \d, quarantined at offset \d+$/m);
    expect(text).toMatch(/shop-2, token 1, .*; it also waits for main$/m);
    expect(text).not.toContain('shop-3');
    expect(out.at(-1)).toBe('2 cases wait for it. Nothing was changed: with --yes you vouch for it');
    expect(code).toBe(0);
    expect(await fixture.ends()).toEqual(before);
    expect((await newestTargetChanges(pool)).find(({ target }) => target === 'old')?.what).toBe('removed');
  });

  it('ends what waits for it, and records who vouched and why', async () => {
    const { code, out } = await retire('--yes', '--json');
    expect(code).toBe(0);
    const answered = JSON.parse(out[0] ?? 'null') as { cases: Record<string, unknown>[] };
    expect(answered).toMatchObject({ target: 'old', vouched: true, person: 'olga' });
    expect(answered.cases).toHaveLength(2);
    for (const one of answered.cases) expect(one['effective']).toBe(true);
    const [event] = (await fixture.warden('timeline', 'shop-1', '--json')).out.filter((line) =>
      line.includes('FenceConfirmed'),
    );
    expect(event).toContain('retired by olga');
    expect((await newestTargetChanges(pool)).find(({ target }) => target === 'old')).toMatchObject({
      what: 'retired',
      byWhom: 'olga',
      reason: 'the server was scrapped',
      address: OLD.address,
    });
  });

  it('lets a look at the profile count from then on, where no other target is awaited', async () => {
    const look = async (profileId: string): Promise<string | undefined> => {
      await fixture.append(profileId, evidence(0, { complete: false }));
      return (await fixture.warden('timeline', profileId)).out.at(-1);
    };
    expect(await look('shop-1')).not.toContain('ignored');
    expect(await look('shop-2')).toContain('ignored');
  });

  it('may be run again, and finds nothing more', async () => {
    const before = await fixture.ends();
    const { code, out } = await retire('--yes');
    expect(code).toBe(0);
    expect(out.at(-1)).toMatch(/is retired, says olga; 0 cases/);
    expect(await fixture.ends()).toEqual(before);
  });

  it('leaves a log in which every invariant holds', async () => {
    expect((await fixture.warden('audit')).code).toBe(0);
  });
});
