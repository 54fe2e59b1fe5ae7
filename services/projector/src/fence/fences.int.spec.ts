import { requireToken } from '@profile-warden/fence';
import type { PoolClient } from '@profile-warden/postgres';
import {
  granted,
  logOf,
  quarantineRequested,
  releaseRequested,
  request,
  withPolicy,
} from '@profile-warden/testkit/spec';
import type { PartitionLog } from '@profile-warden/testkit/spec';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TARGET, openDatabases, startProjector, type Databases } from '../projector.fixture.ts';

let databases: Databases;
beforeEach(async () => {
  databases = await openDatabases();
});
afterEach(() => databases[Symbol.asyncDispose]());

async function openWrite(profileId: string, token: number, seenOffset?: number): Promise<PoolClient> {
  const client = await databases.accounts.connect();
  try {
    await client.query('begin');
    await requireToken(client, { profileId, token, ...(seenOffset !== undefined && { seenOffset }) });
    return client;
  } catch (error) {
    client.release(true);
    throw error;
  }
}

async function accepts(profileId: string, token: number, seenOffset?: number): Promise<string> {
  try {
    const client = await openWrite(profileId, token, seenOffset);
    await client.query('rollback');
    client.release();
    return 'accepted';
  } catch (error) {
    return (error as { code?: string }).code ?? 'failed';
  }
}

const lease = (log: PartitionLog, profileId: string): void => {
  log.append(request(`r-${profileId}`), profileId);
  log.payAuthority(profileId);
};

const quarantine = (log: PartitionLog, profileId: string): void => {
  log.append({ ...quarantineRequested(), token: log.profile(profileId).token }, profileId);
  log.payAuthority(profileId);
};

const isFenced = (log: PartitionLog, profileId: string) => (): boolean =>
  log.profile(profileId).fencedOffset !== null;

describe('the fences', () => {
  it('follow grants, releases and the next grant', async () => {
    const log = logOf(withPolicy({ fenceTargets: [TARGET] }), granted());
    await using projector = await startProjector({ log, databases });
    expect(await accepts('p1', 1)).toBe('WD002');
    await projector.until(async () => (await accepts('p1', 1)) === 'accepted');
    log.append(releaseRequested());
    log.payAuthority();
    await projector.until(async () => (await accepts('p1', 1)) === 'WD001');
    expect(await accepts('p1', 2, log.nextOffset)).toBe('WD002');
    log.append(request('r2'));
    log.payAuthority();
    await projector.until(async () => (await accepts('p1', 2, log.nextOffset - 1)) === 'accepted');
    expect(await accepts('p1', 1)).toBe('WD001');
    expect(await accepts('nobody', 1)).toBe('WD003');
  });

  it('are confirmed once nothing with the token can commit', async () => {
    const log = logOf(withPolicy({ fenceTargets: [TARGET] }), granted());
    await using projector = await startProjector({ log, databases });
    await projector.until(async () => (await accepts('p1', 1)) === 'accepted');
    const writer = await openWrite('p1', 1);
    quarantine(log, 'p1');
    await projector.until(async () => (await accepts('p1', 1)) === 'WD001');
    await projector.feed();
    expect(isFenced(log, 'p1')()).toBe(false);
    await writer.query('commit');
    writer.release();
    await projector.until(isFenced(log, 'p1'));
    const confirmed = log.records.filter(({ event }) => event.type === 'FenceConfirmed');
    expect(confirmed).toHaveLength(1);
    expect(confirmed[0]?.event).toMatchObject({
      token: 1,
      target: TARGET,
      databaseIncarnation: expect.stringMatching(/^\d+:\w{8}:\d+:base/) as string,
    });
  });

  it('wait for a writer that does not end only for its own profile, and name it', async () => {
    const log = logOf(withPolicy({ fenceTargets: [TARGET] }));
    const profiles = Array.from({ length: 12 }, (_, index) => `p${index + 1}`);
    for (const profileId of profiles) lease(log, profileId);
    await using projector = await startProjector({ log, databases });
    await projector.until(async () => (await accepts('p12', 1)) === 'accepted');
    const stuck = await Promise.all(profiles.slice(0, 6).map((profileId) => openWrite(profileId, 1)));
    for (const profileId of profiles) quarantine(log, profileId);
    const startedAt = performance.now();
    for (const profileId of profiles.slice(6)) await projector.until(isFenced(log, profileId));
    expect(performance.now() - startedAt).toBeLessThan(1_500);
    for (const profileId of profiles.slice(0, 6)) {
      expect(await accepts(profileId, 1)).toBe('WD001');
      expect(isFenced(log, profileId)()).toBe(false);
    }
    await projector.until(() => projector.signals.some(({ type }) => type === 'fence-blocked'));
    expect(projector.signals.find(({ type }) => type === 'fence-blocked')).toMatchObject({
      target: TARGET,
      token: 1,
      sessions: [{ applicationName: 'accounts' }],
    });
    for (const writer of stuck) {
      await writer.query('rollback');
      writer.release();
    }
    const endedAt = performance.now();
    for (const profileId of profiles) await projector.until(isFenced(log, profileId));
    expect(performance.now() - endedAt).toBeLessThan(1_500);
  });

  it('are raised anew for the next round of the same token', async () => {
    const log = logOf(withPolicy({ fenceTargets: [TARGET] }), granted());
    quarantine(log, 'p1');
    await using projector = await startProjector({ log, databases });
    await projector.until(isFenced(log, 'p1'));
    log.append({
      type: 'Quarantined',
      epoch: log.state.epoch,
      token: 1,
      round: 2,
      cause: 'operator',
      suspicionOffset: null,
      fenceTargets: [TARGET],
    });
    await projector.until(
      () => log.records.filter(({ event }) => event.type === 'FenceConfirmed').length === 2,
    );
  });

  it('heal when a target comes back', async () => {
    const log = logOf(withPolicy({ fenceTargets: [TARGET] }), granted());
    quarantine(log, 'p1');
    await databases.accounts.query(
      'alter function warden.raise_fence(text, bigint, integer, bigint, boolean) rename to gone',
    );
    await using projector = await startProjector({ log, databases });
    await projector.until(() => projector.signals.some(({ type }) => type === 'target-down'));
    expect(isFenced(log, 'p1')()).toBe(false);
    await databases.accounts.query(
      'alter function warden.gone(text, bigint, integer, bigint, boolean) rename to raise_fence',
    );
    await projector.until(isFenced(log, 'p1'));
  });

  it('are set for a burst of profiles in little time', async () => {
    const log = logOf(withPolicy({ fenceTargets: [TARGET] }));
    const profiles = Array.from({ length: 1_000 }, (_, index) => `p${index}`);
    for (const profileId of profiles) lease(log, profileId);
    await using projector = await startProjector({ log, databases });
    const startedAt = performance.now();
    await projector.until(async () => (await accepts('p999', 1)) === 'accepted');
    for (const profileId of profiles) quarantine(log, profileId);
    await projector.until(() => profiles.every((profileId) => isFenced(log, profileId)()), 30_000);
    expect(performance.now() - startedAt).toBeLessThan(20_000);
  });
});
