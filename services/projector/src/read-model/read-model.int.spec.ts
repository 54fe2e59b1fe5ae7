import {
  canonicalState,
  fromSnapshot,
  type PartitionSnapshot,
  type ProfileState,
} from '@profile-warden/domain';
import {
  ProjectionConflictError,
  loadCases,
  loadPosition,
  loadProfile,
  loadSnapshot,
  timeline,
} from '@profile-warden/postgres';
import { readModelStore } from '@profile-warden/projection';
import {
  authorityPays,
  beat,
  elapse,
  everyonePays,
  fenceConfirmed,
  granted,
  logOf,
  on,
  quarantineRequested,
  reviewResolved,
  stepStarted,
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

const written = async (log: PartitionLog): Promise<boolean> =>
  (await loadPosition(databases.readModel, 0)).nextOffset === log.nextOffset;

async function storedState(): Promise<string> {
  const snapshot = await loadSnapshot(databases.readModel, 0);
  if (snapshot === null) throw new Error('no snapshot');
  return canonicalState(
    fromSnapshot(snapshot.state as PartitionSnapshot, snapshot.profiles as ProfileState[]),
  );
}

describe('the read model', () => {
  it('equals the fold at its position, through a restore and live', async () => {
    const log = logOf(granted(), beat(), stepStarted('s1', 'read'), on('p2', beat()));
    await using projector = await startProjector({ log, databases });
    await projector.until(() => written(log));
    expect(await storedState()).toBe(canonicalState(log.state));
    for (let round = 0; round < 20; round += 1) {
      log.append(beat());
      log.tick(1_000);
      await projector.feed();
    }
    await projector.until(() => written(log));
    expect(await storedState()).toBe(canonicalState(log.state));
    expect((await loadProfile(databases.readModel, 'p1'))?.lifecycle).toBe('held');
    expect((await timeline(databases.readModel, 'p1')).map(({ type }) => type)).toEqual([
      'LeaseRequested',
      'LeaseGranted',
      'StepStarted',
    ]);
  });

  it('keeps each round of a recovery with its evidence, decision and review', async () => {
    const log = logOf(granted(), beat(), quarantineRequested(), authorityPays, elapse(200_000), everyonePays);
    await using projector = await startProjector({ log, databases });
    await projector.until(() => written(log));
    log.append(reviewResolved(log.nextOffset - 1));
    await projector.until(() => written(log));
    expect(await storedState()).toBe(canonicalState(log.state));
    const cases = await loadCases(databases.readModel, 'p1');
    expect(cases).toMatchObject([
      {
        token: 1,
        round: 1,
        cause: 'operator',
        evidence: { complete: true },
        decision: { rule: 'operator' },
        resolved: { type: 'ReviewResolved' },
      },
    ]);
  });

  it('goes on where it stood, doubles nothing, and sets right what was changed by hand', async () => {
    const log = logOf(granted(), beat());
    {
      await using first = await startProjector({ log, databases });
      await first.until(() => written(log));
    }
    await databases.readModel.query(`update profile set lifecycle = 'retired', state = '{}'`);
    log.tick(1_000);
    log.append(stepStarted('s1', 'read'));
    await using second = await startProjector({ log, databases });
    await second.until(() => written(log));
    expect(await storedState()).toBe(canonicalState(log.state));
    const archived = await timeline(databases.readModel, 'p1');
    expect(archived.map(({ type }) => type)).toEqual(['LeaseRequested', 'LeaseGranted', 'StepStarted']);
  });

  it('counts a commit whose answer was lost as done', async () => {
    const log = logOf(granted(), beat());
    const store = readModelStore(databases.readModel);
    let lost = 0;
    await using projector = await startProjector({
      log,
      databases,
      store: {
        ...store,
        write: async (batch) => {
          await store.write(batch);
          if (lost++ === 0) throw new Error('connection reset');
        },
      },
    });
    await projector.until(() => written(log));
    log.append(beat());
    await projector.until(() => written(log));
    expect(projector.signals.filter(({ type }) => type === 'write-failed')).toHaveLength(1);
    expect(await storedState()).toBe(canonicalState(log.state));
  });

  it('stops when another projector has written its partition', async () => {
    const log = logOf(granted());
    await using first = await startProjector({ log, databases });
    await first.until(() => written(log));
    log.append(beat());
    {
      await using second = await startProjector({ log, databases });
      await second.until(() => written(log));
    }
    log.append(beat());
    await first.feed();
    await expect(first.failed).rejects.toThrow(ProjectionConflictError);
    await expect(first.feed()).rejects.toThrow(ProjectionConflictError);
  });

  it('stops on a log that has lost what it was built from', async () => {
    const log = logOf(granted(), beat(), beat());
    {
      await using first = await startProjector({ log, databases });
      await first.until(() => written(log));
    }
    const shorter = logOf(granted());
    await expect(startProjector({ log: shorter, databases })).rejects.toThrow(
      'has lost records or is another',
    );
    await databases.readModel.query(`update projection_offset set last_record_id = 'somebody else'`);
    await using third = await startProjector({ log, databases });
    await expect(third.feed()).rejects.toThrow('the read model was built from somebody else');
  });

  it('does not wait for a fence target', async () => {
    const log = logOf(withPolicy({ fenceTargets: [TARGET] }), granted(), quarantineRequested());
    log.payAuthority();
    await databases.accounts.query('drop schema warden cascade');
    await databases.accounts.query('create schema warden');
    await using projector = await startProjector({ log, databases });
    await projector.until(() => written(log));
    log.append(fenceConfirmed(TARGET));
    await projector.until(() => written(log));
  });
});
