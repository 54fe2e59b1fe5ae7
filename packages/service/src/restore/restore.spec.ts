import { canonicalState } from '@profile-warden/domain';
import { LOST } from '@profile-warden/testkit/memory';
import { beat } from '@profile-warden/testkit/spec';
import { describe, expect, it } from 'vitest';
import { Bench, epochOpening } from '../runtime/runtime.fixture.ts';
import { found, startRestored, stored, type Restored } from './restore.fixture.ts';
import { SnapshotDamagedError } from './snapshot-source.ts';

/** A log with a case in it, and the state at its end. */
const withCases = () => {
  const bench = new Bench();
  for (const profileId of ['p1', 'p2']) bench.quarantine(profileId);
  return { bench, state: bench.state() };
};

const foldedBy = ({ runtime }: Restored): string => {
  const [view] = runtime.views();
  return view === undefined ? '' : canonicalState(view.state);
};

const offsetsRead = ({ signals }: Restored): number =>
  signals.reduce((sum, signal) => sum + (signal.type === 'folded' ? signal.count : 0), 0);

const refusals = ({ told }: Restored): string[] =>
  told.flatMap((signal) => (signal.type === 'snapshot-refused' ? [signal.reason] : []));

describe('a restore', () => {
  it('folds on from the snapshot, and ends in the state of a replay', async () => {
    const { bench, state } = withCases();
    const tail = 5;
    for (let seq = 0; seq < tail; seq += 1) bench.say('p1', beat());
    const restored = await startRestored(bench, { source: found(() => stored(state)) });
    await bench.clock.advance(10);
    expect(restored.runtime.isReady).toBe(true);
    expect(foldedBy(restored)).toBe(canonicalState(bench.state()));
    // The beats, and the two confirmations that were owed.
    expect(offsetsRead(restored)).toBe(tail + 2);
    expect(restored.told).toEqual([
      { type: 'snapshot-used', partition: 0, nextOffset: state.nextOffset, profileCount: 2, tookMs: 0 },
    ]);
  });

  it('pays nothing before the end of the log is folded, and then what the snapshot left owed', async () => {
    const { bench, state } = withCases();
    bench.network.fetchDelayMs = 100;
    bench.say('p1', beat());
    await startRestored(bench, { source: found(() => stored(state)) });
    expect(bench.of('FenceConfirmed')).toHaveLength(0);
    await bench.clock.advance(1_000);
    expect(bench.of('FenceConfirmed')).toHaveLength(2);
  });

  it.each([
    ['there is no read model', null],
    ['nothing was ever written', found(() => null)],
    ['what was written is empty', found(() => stored(new Bench().state()))],
  ])('replays the log from its beginning where %s', async (_name, source) => {
    const { bench, state } = withCases();
    const restored = await startRestored(bench, { source });
    expect(offsetsRead(restored)).toBeGreaterThanOrEqual(state.nextOffset);
    expect(restored.told).toEqual([]);
    expect(restored.runtime.isReady).toBe(true);
  });

  it('tells how far it is, once a second', async () => {
    const { bench, state } = withCases();
    const restored = await startRestored(bench, {
      source: found(async ({ onProgress }) => {
        for (let count = 1; count <= 5; count += 1) {
          await bench.clock.sleep(600);
          onProgress(count * 1_000);
        }
        return stored(state);
      }),
    });
    await bench.clock.advance(3_000);
    expect(restored.told.filter(({ type }) => type === 'restoring')).toEqual([
      { type: 'restoring', partition: 0, phase: 'snapshot', done: 2_000, of: null },
      { type: 'restoring', partition: 0, phase: 'snapshot', done: 4_000, of: null },
    ]);
    bench.network.fetchDelayMs = 400;
    bench.network.cutAt = 1;
    const replay = await startRestored(bench, { source: null });
    await bench.clock.advance(2_900);
    const told = replay.signals.filter(({ type }) => type === 'restoring');
    expect(told).toEqual([
      { type: 'restoring', partition: 0, phase: 'log', done: 3, of: bench.log.partition(0).end },
      { type: 'restoring', partition: 0, phase: 'log', done: 6, of: bench.log.partition(0).end },
    ]);
  });
});

describe('a snapshot that is not used', () => {
  it.each([
    ['unavailable', () => Promise.reject(new Error('connect ECONNREFUSED'))],
    ['damaged', () => Promise.reject(new SnapshotDamagedError('its hash differs'))],
    ['fold-version', (state) => stored(state, { row: { foldVersion: 2 } })],
    ['malformed', (state) => stored(state, { state: { partition: 5 } })],
    ['malformed', (state) => stored(state, { state: { foldVersion: 2 } })],
    ['malformed', (state) => stored(state, { state: { nextOffset: state.nextOffset - 1 } })],
    ['malformed', (state) => stored(state, { state: { firstRecordId: null } })],
    ['malformed', (state) => stored(state, { state: { lastRecord: { offset: state.nextOffset, id: 'x' } } })],
    ['malformed', (state) => stored(state, { row: { state: 'text' } })],
    [
      'malformed',
      (state) => stored(state, { row: { state: { ...(stored(state).state as object), hosts: 7 } } }),
    ],
    ['malformed', (state) => stored(state, { row: { profiles: [{ token: 1 }] } })],
  ] satisfies [string, (state: ReturnType<Bench['state']>) => ReturnType<typeof stored> | Promise<never>][])(
    'is refused as %s, and the log is replayed',
    async (reason, load) => {
      const { bench, state } = withCases();
      const restored = await startRestored(bench, { source: found(() => load(state)) });
      await bench.clock.advance(10);
      expect(refusals(restored)).toEqual([reason]);
      expect(foldedBy(restored)).toBe(canonicalState(bench.state()));
      expect(bench.of('FenceConfirmed')).toHaveLength(2);
    },
  );

  it('is refused as unavailable when it does not come in time, and its reading is ended', async () => {
    const { bench } = withCases();
    let isEnded = false;
    const restored = await startRestored(bench, {
      loadMsMax: 5_000,
      source: found(({ signal }) => {
        signal.addEventListener('abort', () => (isEnded = true));
        return new Promise(() => undefined);
      }),
    });
    await bench.clock.advance(4_999);
    expect(refusals(restored)).toEqual([]);
    await bench.clock.advance(2);
    expect(refusals(restored)).toEqual(['unavailable']);
    expect(isEnded).toBe(true);
    expect(restored.runtime.isReady).toBe(true);
  });
});

describe('a log that is not whole', () => {
  const stopped = async (restored: Restored): Promise<unknown> =>
    restored.reader.failed.catch((error: unknown) => error);

  it('ends the service where it no longer begins at 0 and no snapshot is there', async () => {
    const { bench } = withCases();
    const restored = await startRestored(bench, { source: null, start: 2 });
    expect(await stopped(restored)).toMatchObject({
      code: 'log-start-gone',
      message: expect.stringMatching(
        /partition 0: the log begins at offset 2.*WARDEN_DATABASE_URL/,
      ) as string,
    });
    expect(bench.of('FenceConfirmed')).toHaveLength(0);
  });

  it('ends it too where its snapshot cannot be used, and says why', async () => {
    const { bench } = withCases();
    const source = found(() => Promise.reject(new Error('connect ECONNREFUSED')));
    const restored = await startRestored(bench, { source, start: 2 });
    expect(await stopped(restored)).toMatchObject({
      message: expect.stringContaining('connect ECONNREFUSED') as string,
    });
  });

  it('ends it where records between snapshot and log are in neither', async () => {
    const { bench, state } = withCases();
    const restored = await startRestored(bench, {
      source: found(() => stored(state)),
      start: state.nextOffset + 1,
    });
    expect(await stopped(restored)).toMatchObject({ code: 'log-start-gone' });
    expect(refusals(restored)).toEqual(['behind-log-start']);
  });

  it('does no harm where the snapshot covers what is gone', async () => {
    const { bench, state } = withCases();
    const restored = await startRestored(bench, {
      source: found(() => stored(state)),
      start: state.nextOffset - 1,
    });
    await bench.clock.advance(10);
    expect(foldedBy(restored)).toBe(canonicalState(bench.state()));
  });

  it('ends it where the snapshot was folded from a log that began with another record', async () => {
    const { bench, state } = withCases();
    const source = found(() => stored(state, { state: { firstRecordId: 'another' } }));
    expect(await stopped(await startRestored(bench, { source }))).toMatchObject({ code: 'other-log' });
  });

  it('ends it where the last record of the snapshot is another one, or not there any more', async () => {
    const { bench, state } = withCases();
    const offset = state.lastRecord?.offset ?? 0;
    const replaced = found(() => stored(state, { state: { lastRecord: { offset, id: 'another' } } }));
    expect(await stopped(await startRestored(bench, { source: replaced }))).toMatchObject({
      code: 'records-lost',
    });
    const longer = new Bench();
    for (const profileId of ['p1', 'p2']) longer.quarantine(profileId);
    longer.say('p1', beat());
    const cutOff = found(() => stored(longer.state()));
    expect(await stopped(await startRestored(bench, { source: cutOff }))).toMatchObject({
      code: 'records-lost',
      message: expect.stringContaining('where the log has none') as string,
    });
  });
});

describe('a takeover', () => {
  const takingOver = (bench: Bench) => ({
    base: (process: Parameters<typeof epochOpening>[1]) => epochOpening(bench.log, process),
  });

  it('reads the snapshot only after its barrier, and folds on until that is behind', async () => {
    const { bench, state } = withCases();
    let recordsBefore = 0;
    bench.network.fetchDelayMs = 100;
    const restored = await startRestored(bench, {
      ...takingOver(bench),
      source: found(() => {
        recordsBefore = bench.of('AuthorityEpochStarted').length;
        return stored(state);
      }),
    });
    expect(recordsBefore).toBe(2);
    expect(restored.runtime.isReady).toBe(false);
    await bench.clock.advance(200);
    expect(restored.runtime.isReady).toBe(true);
  });

  it('never goes back behind a snapshot that lies past its barrier', async () => {
    const { bench } = withCases();
    const restored = await startRestored(bench, {
      ...takingOver(bench),
      source: found(() => {
        bench.say('p1', beat());
        return stored(bench.state());
      }),
    });
    expect(restored.runtime.isReady).toBe(true);
    // Nothing but what was paid since then has been read.
    expect(offsetsRead(restored)).toBeLessThanOrEqual(bench.of('FenceConfirmed').length);
  });

  it('steps down where another barrier is the last one in the snapshot', async () => {
    const { bench } = withCases();
    const restored = await startRestored(bench, {
      ...takingOver(bench),
      source: found(() => {
        bench.barrier();
        return stored(bench.state());
      }),
    });
    expect(restored.signals.map(({ type }) => type)).toContain('fenced');
    expect(bench.of('FenceConfirmed')).toHaveLength(0);
  });

  it('keeps what it has folded when it has to take over again', async () => {
    const bench = new Bench();
    let loads = 0;
    const authority = await startRestored(bench, {
      ...takingOver(bench),
      source: found(() => {
        loads += 1;
        return null;
      }),
    });
    bench.network.next('commit', LOST);
    bench.quarantine('p1');
    bench.barrier();
    await bench.clock.advance(10_000);
    expect(authority.runtime.isReady).toBe(true);
    expect(loads).toBe(1);
  });

  it('closes its epoch where the restore fails', async () => {
    const { bench } = withCases();
    let isClosed = false;
    const restored = await startRestored(bench, {
      source: null,
      start: 2,
      base: (process) => async (partition, range, state, signal) => {
        const opening = await epochOpening(bench.log, process)(partition, range, state, signal);
        const close = (): Promise<void> => {
          isClosed = true;
          return opening.payer.close();
        };
        return { ...opening, payer: { ...opening.payer, close } };
      },
    });
    await restored.reader.failed.catch(() => undefined);
    expect(isClosed).toBe(true);
  });
});
