import { snapshotOf } from '@profile-warden/domain';
import { partitionOf } from '@profile-warden/kafka';
import {
  READ_SCHEMA,
  SnapshotHash,
  applyBatch,
  inTransaction,
  migrate,
  openPool,
} from '@profile-warden/postgres';
import { freshDatabase } from '@profile-warden/testkit/parts';
import { beat, reviewResolved } from '@profile-warden/testkit/spec';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { appendAndWatch } from './log/effect.ts';
import { WardenLog } from './log/warden-log.ts';
import { logSettings } from './settings.ts';
import { wardenFixture, type Ran, type WardenFixture } from './warden.fixture.ts';

let fixture: WardenFixture;

beforeAll(async () => {
  fixture = await wardenFixture();
  for (const id of ['shop-1', 'shop-2', 'shop-3']) await fixture.bringToReview(id);
  await fixture.bringToReview('shop-slow', 600_000);
});
afterAll(() => fixture.close());

const json = ({ out }: Ran): Record<string, unknown> =>
  JSON.parse(out.at(-1) ?? 'null') as Record<string, unknown>;

const resolve = (profileId: string, ...change: readonly string[]): Promise<Ran> =>
  fixture.warden(
    'review',
    'resolve',
    profileId,
    ...['--token', '1', '--round', '1', '--outcome', 'available', '--note', 'order page shows no payment'],
    ...change,
  );

/** What the projector would write, of one partition as the log has it now. */
const project = async (url: string, partition: number): Promise<void> => {
  const log = await WardenLog.open(logSettings({}, fixture.env));
  const { state, nextOffset } = await log.fold(partition);
  log.close();
  state.nextOffset = nextOffset;
  const profiles = [...state.profiles.values()].map((profile) => ({
    profileId: profile.profileId,
    lifecycle: profile.stage.kind,
    token: profile.token,
    sinceOffset: profile.since.offset,
    sinceAt: profile.since.brokerMs,
    foldedOffset: nextOffset - 1,
    state: JSON.stringify(profile),
  }));
  const hash = new SnapshotHash();
  for (const row of profiles) hash.set(row.profileId, row.state);
  const text = JSON.stringify(snapshotOf(state));
  const { foldVersion, firstRecordId, lastRecord } = state;
  const pool = openPool(url, { applicationName: 'spec', schema: READ_SCHEMA });
  try {
    await inTransaction(pool, (client) =>
      applyBatch(client, {
        partition,
        expectedNextOffset: 0,
        expectedHash: null,
        position: {
          nextOffset,
          foldVersion,
          firstRecordId,
          lastRecord,
          state: text,
          hash: hash.digest(text),
        },
        profiles,
        cases: [],
        archive: [],
      }),
    );
  } finally {
    await pool.end();
  }
};

describe('looking', () => {
  it('shows a profile as its partition folds, for people and for machines', async () => {
    const shown = await fixture.warden('profile', 'shop-1');
    expect(shown.code).toBe(0);
    const text = shown.out.join('\n');
    expect(text).toContain(
      'manual-review: rule sensitive-open, cause heartbeat-stopped, reasons step pay is open',
    );
    expect(text).toContain('pay (pay the order, sensitive) of token 1');
    expect(text).toContain('review resolve shop-1 --token 1 --round 1 --based-on');
    expect(text).toContain('not configured');
    expect(json(await fixture.warden('profile', 'shop-1', '--json'))).toMatchObject({
      stage: 'manual-review',
      token: 1,
      round: 1,
      partition: partitionOf('shop-1', fixture.partitionCount),
      readModel: { verdict: 'not-configured' },
    });
  });

  it('ends with 1 for a profile of which nothing is known', async () => {
    const shown = await fixture.warden('profile', 'nobody', '--json');
    expect(shown.code).toBe(1);
    expect(json(shown)).toMatchObject({ error: { code: 'unknown-profile' } });
    expect((await fixture.warden('timeline', 'nobody')).code).toBe(1);
  });

  it('tells the timeline with what the fold ignored, heartbeats in one line or in one each', async () => {
    const short = await fixture.warden('timeline', 'shop-1');
    expect(short.code).toBe(0);
    const text = short.out.join('\n');
    expect(text).toMatch(/LeaseGranted: granted to worker w1 .+ → held/);
    expect(text).toContain('[ignored, unknown-token: its token was never granted]');
    expect(text).toMatch(/… 2 heartbeats, last at offset \d+/);
    expect(text).toMatch(/Decided: .+ → manual-review/);
    const whole = await fixture.warden('timeline', 'shop-1', '--all', '--json');
    const entries = whole.out.map((line) => JSON.parse(line) as { type: string; offset: number });
    expect(entries.filter(({ type }) => type === 'Heartbeat')).toHaveLength(4);
    const offsets = entries.map(({ offset }) => offset);
    expect(offsets).toEqual([...offsets].sort((left, right) => left - right));
  });

  it('lists the reviews of all partitions from the log', async () => {
    const listed = await fixture.warden('reviews', '--json');
    expect(listed.code).toBe(0);
    const { source, rows } = json(listed) as { source: string; rows: { profileId: string }[] };
    expect(source).toBe('log');
    expect(rows.map(({ profileId }) => profileId).sort()).toEqual([
      'shop-1',
      'shop-2',
      'shop-3',
      'shop-slow',
    ]);
  });

  it('lists them from the read model, and says of a profile whether it agrees', async () => {
    const url = await freshDatabase();
    const database = ['--database-url', url];
    expect(json(await fixture.warden('reviews', '--json', ...database))).toMatchObject({
      error: { code: 'read-model-missing' },
    });
    await migrate(url);
    const partition = partitionOf('shop-slow', fixture.partitionCount);
    await project(url, partition);
    const listing = json(await fixture.warden('reviews', '--json', ...database));
    expect(listing).toMatchObject({ source: 'read-model', missing: [1 - partition] });
    expect(JSON.stringify(listing)).toContain('shop-slow');

    const agrees = await fixture.warden('profile', 'shop-slow', '--json', ...database);
    expect(json(agrees)).toMatchObject({ readModel: { verdict: 'agrees', behindBy: 0 } });
    await fixture.append('shop-slow', beat());
    expect(json(await fixture.warden('profile', 'shop-slow', '--json', ...database))).toMatchObject({
      readModel: { verdict: 'agrees', behindBy: 1 },
    });
    const fromSnapshot = await fixture.warden(
      'profile',
      'shop-slow',
      '--json',
      '--from-snapshot',
      ...database,
    );
    expect(json(fromSnapshot)).toMatchObject({
      holder: { lateReportCount: 1 },
      readModel: { verdict: 'not-compared' },
    });

    const pool = openPool(url, { applicationName: 'spec', schema: READ_SCHEMA });
    await pool.query(`update profile set token = 7, state = '{"token":7}' where profile_id = 'shop-slow'`);
    await pool.end();
    expect(json(await fixture.warden('profile', 'shop-slow', '--json', ...database))).toMatchObject({
      readModel: { verdict: 'differs' },
    });
    expect(json(await fixture.warden('reviews', '--json', ...database))).toMatchObject({
      error: { code: 'snapshot-unusable' },
    });
  });
});

describe('resolving a review', () => {
  it('refuses a stale view and a case half judged, and appends nothing', async () => {
    const before = json(await fixture.warden('profile', 'shop-1', '--json'))['foldedOffset'];
    const stale = await resolve('shop-1', '--token', '2', '--verdict', 'pay=applied');
    expect(stale).toMatchObject({ code: 3 });
    expect(stale.err).toContain('stale-token: token 2 was judged, token 1 is current');
    expect((await resolve('shop-1', '--round', '2', '--verdict', 'pay=applied')).err).toContain(
      'other-round',
    );
    expect((await resolve('shop-1', '--based-on', '3', '--verdict', 'pay=applied')).err).toContain(
      'stale-view',
    );
    const half = await resolve('shop-1');
    expect(half).toMatchObject({ code: 3 });
    expect(half.err).toContain('pay (pay the order, sensitive)');
    expect(json(await fixture.warden('profile', 'shop-1', '--json'))['foldedOffset']).toBe(before);
  });

  it('takes the right one, and only once', async () => {
    const done = await resolve('shop-1', '--verdict', 'pay=not-applied', '--json');
    expect(done.err).toBe('');
    expect(done.code).toBe(0);
    expect(json(done)).toMatchObject({ effective: true, folded: 'applied', stage: 'available' });
    expect((await resolve('shop-1', '--verdict', 'pay=not-applied')).err).toContain('not-in-review');
    const last = (await fixture.warden('timeline', 'shop-1')).out.at(-1);
    expect(last).toContain('olga resolves round 1 as available');
    expect(last).toContain('pay not-applied');
    expect(last).toContain('→ available');
  });

  it('refuses to free a profile whose holder may still believe in its lease, and retires it', async () => {
    const early = await resolve('shop-slow', '--verdict', 'pay=applied');
    expect(early).toMatchObject({ code: 3 });
    expect(early.err).toMatch(/holder-recent: .+ \d+ ms of log time remain/);
    expect(json(await resolve('shop-slow', '--outcome', 'retired', '--json'))).toMatchObject({
      stage: 'retired',
      effective: true,
    });
  });

  it('sees that the fold ignored it where the holder spoke between the look and the append', async () => {
    const log = await WardenLog.open(logSettings({}, fixture.env));
    try {
      const fold = await log.fold(partitionOf('shop-2', fixture.partitionCount));
      const basedOn = fold.state.nextOffset - 1;
      await fixture.append('shop-2', beat());
      const event = reviewResolved(basedOn, { verdicts: [{ stepId: 'pay', verdict: 'applied' }] });
      const { folded } = await appendAndWatch(log, fold, { id: 'late-form', profileId: 'shop-2', event });
      expect(folded).toBe('holder-reported');
    } finally {
      log.close();
    }
  });
});

describe('what else a person tells the log', () => {
  it('registers a profile', async () => {
    const done = await fixture.warden(
      ...['profile', 'register', 'new-1', '--tenant', 'acme', '--shared', '--directory', '/profiles/new-1'],
      ...['--label', 'slow', '--label', 'eu', '--json'],
    );
    expect(done).toMatchObject({ code: 0, err: '' });
    expect(json(await fixture.warden('profile', 'new-1', '--json'))).toMatchObject({
      stage: 'available',
      registration: { tenant: 'acme', sharedStorage: true, labels: ['slow', 'eu'], registeredBy: 'olga' },
    });
  });

  it('asks for a quarantine with the token shown, once, and never for a profile without a lease', async () => {
    const ask = (id: string, token: string): Promise<Ran> =>
      fixture.warden('profile', 'quarantine', id, '--token', token, '--reason', 'looks odd');
    expect(await ask('shop-3', '2')).toMatchObject({ code: 3 });
    expect((await ask('new-1', '1')).err).toContain('never-leased');
    expect(await ask('shop-3', '1')).toMatchObject({ code: 0, err: '' });
    expect((await ask('shop-3', '1')).err).toContain('already-requested');
  });

  it('reports a host to every partition', async () => {
    const done = await fixture.warden('host', 'attest-dead', 'h1', '--reason', 'power off seen', '--json');
    expect(done).toMatchObject({ code: 0, err: '' });
    expect(json(done)['offsets']).toHaveLength(fixture.partitionCount);
    expect((await fixture.warden('timeline', 'shop-3')).out.at(-1)).toContain('host h1 is dead, says olga');
    expect((await fixture.warden('host', 'drain', 'h2', '--reason', 'update')).code).toBe(0);
  });

  it('leaves a log in which every invariant holds', async () => {
    const audited = await fixture.warden('audit', '--json');
    expect(json(audited)).toMatchObject({ violationCount: 0, violations: [] });
    expect(audited.code).toBe(0);
  });
});
