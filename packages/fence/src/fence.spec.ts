import { describe, expect, it } from 'vitest';
import type { FenceOptions, FenceSignal, WriteRefusal } from './index.ts';
import { Fence, FenceRefusedError, FenceUsageError } from './index.ts';
import { databaseError, scriptedPool, stopped } from './scripted-pool.fixture.ts';

const LEASE = { profileId: 'p', token: 1 };
const CHECK = 'select warden.require_token';
const retry = databaseError('WD002', {
  reason: 'newer',
  profileId: 'p',
  presentedToken: 1,
  knownToken: null,
});

interface Watched {
  readonly fence: Fence;
  readonly pausesMs: number[];
  readonly signals: FenceSignal[];
  readonly reports: WriteRefusal[];
}

function watched(options: FenceOptions = {}): Watched {
  const pausesMs: number[] = [];
  const signals: FenceSignal[] = [];
  const reports: WriteRefusal[] = [];
  const fence = new Fence({
    target: 'accounts',
    reportRefusal: (refusal) => Promise.resolve(void reports.push(refusal)),
    onSignal: (signal) => signals.push(signal),
    random: () => 1,
    clock: { now: () => 0, sleep: (ms) => Promise.resolve(void pausesMs.push(ms)) },
    ...options,
  });
  return { fence, pausesMs, signals, reports };
}

describe('a transaction', () => {
  it('checks first, works, commits and gives the client back', async () => {
    const pool = scriptedPool();
    const result = await watched().fence.transaction(pool, LEASE, async (client) => {
      await client.query('update account');
      return 42;
    });
    expect(result).toBe(42);
    expect(pool.log).toEqual(['begin', 'check', 'update account', 'commit', 'release']);
  });

  it('checks several profiles in the order of the bytes of their ids, each once', async () => {
    const asked: unknown[] = [];
    const pool = scriptedPool();
    const recording = {
      connect: async () => {
        const client = await pool.connect();
        return {
          ...client,
          query: (text: string, values?: unknown[]) => {
            if (values !== undefined) asked.push(values);
            return client.query(text);
          },
        };
      },
    };
    // By UTF-16 units the fox would come before the full-width letter.
    const ids = ['b', '\u{1f98a}', 'a', '\uff21'];
    const leases = ids.map((profileId) => ({ profileId, token: 1 }));
    await watched().fence.transaction(
      recording,
      [...leases, { profileId: 'a', token: 1, seenOffset: 7 }],
      () => Promise.resolve(),
    );
    expect(asked).toEqual([
      ['a', 1, 7],
      ['b', 1, null],
      ['\uff21', 1, null],
      ['\u{1f98a}', 1, null],
    ]);
  });

  it.each([
    ['WD002', retry],
    ['40001', databaseError('40001')],
    ['40P01', databaseError('40P01')],
    ['one wrapped by the work', new Error('could not save', { cause: databaseError('40001') })],
  ])('is run again as a whole after %s, with growing pauses', async (_name, error) => {
    const pool = scriptedPool(['update', error], ['update', error], null);
    const { fence, pausesMs, signals } = watched();
    await fence.transaction(pool, LEASE, (client) => client.query('update account'));
    expect(pool.log.filter((line) => line === 'check')).toHaveLength(3);
    expect(pool.log.slice(0, 5)).toEqual(['begin', 'check', 'update account', 'rollback', 'release']);
    expect(pausesMs).toEqual([50, 100]);
    expect(signals.map((signal) => signal.type === 'retrying' && signal.attempt)).toEqual([1, 2]);
  });

  it('is run again when the commit itself is what failed to serialize', async () => {
    const pool = scriptedPool(['commit', databaseError('40001')], null);
    await watched().fence.transaction(pool, LEASE, () => Promise.resolve());
    expect(pool.log).toContain('rollback');
    expect(pool.log.at(-1)).toBe('release');
  });

  it('is given up after the last attempt, with the error of that one', async () => {
    const pool = scriptedPool(...Array.from({ length: 20 }, () => [CHECK, retry] as const));
    const { fence, pausesMs, reports } = watched();
    await expect(fence.transaction(pool, LEASE, () => Promise.resolve())).rejects.toMatchObject({
      kind: 'retry',
      reason: 'newer',
    });
    expect(pausesMs).toEqual([50, 100, 200, 400, 500, 500, 500, 500, 500]);
    expect(reports).toEqual([]);
  });

  it('spreads its pauses over half of their length', async () => {
    const pausesOf = async (random: number): Promise<readonly number[]> => {
      const { fence, pausesMs } = watched({ random: () => random });
      await fence.transaction(scriptedPool([CHECK, retry], [CHECK, retry]), LEASE, () => Promise.resolve());
      return pausesMs;
    };
    expect(await pausesOf(0)).toEqual([25, 50]);
    expect(await pausesOf(0.5)).toEqual([38, 75]);
  });

  it.each([
    ['a stop', CHECK, stopped()],
    ['an unknown profile', CHECK, databaseError('WD003', {})],
    ['any other error of the database', 'update', databaseError('23505')],
    ['a connection that broke during the commit', 'commit', new Error('Connection terminated')],
  ])('is not run again after %s', async (_name, statement, error) => {
    const pool = scriptedPool([statement, error]);
    const { fence } = watched();
    const attempt = fence.transaction(pool, LEASE, (client) => client.query('update account'));
    await expect(attempt).rejects.toThrow(error.message);
    expect(pool.log.filter((line) => line === 'begin')).toHaveLength(1);
    expect(pool.log.slice(-2)).toEqual(['rollback', 'release']);
  });

  it('closes a connection that cannot roll back', async () => {
    const pool = scriptedPool(['', new Error('gone')]);
    await expect(watched().fence.transaction(pool, LEASE, () => Promise.resolve())).rejects.toThrow('gone');
    expect(pool.log).toEqual(['begin', 'rollback', 'destroy']);
  });

  it('starts no further attempt once its signal has aborted', async () => {
    const over = new AbortController();
    const pool = scriptedPool([CHECK, retry]);
    const { fence } = watched({
      clock: {
        now: () => 0,
        sleep: () => {
          over.abort(new Error('shutting down'));
          return Promise.reject(new Error('AbortError'));
        },
      },
    });
    await expect(
      fence.transaction(pool, LEASE, () => Promise.resolve(), { signal: over.signal }),
    ).rejects.toThrow('shutting down');
    expect(pool.log).toHaveLength(4);
  });

  it.each([
    ['read committed', 'begin isolation level read committed'],
    ['repeatable read', 'begin isolation level repeatable read'],
    ['serializable', 'begin isolation level serializable'],
  ] as const)('can be %s', async (isolation, begin) => {
    const pool = scriptedPool();
    await watched().fence.transaction(pool, LEASE, () => Promise.resolve(), { isolation });
    expect(pool.log[0]).toBe(begin);
  });

  it('refuses a client in the place of a pool, and no lease at all', async () => {
    const { fence } = watched();
    const client = await scriptedPool().connect();
    const asPool = { ...client, connect: () => Promise.resolve(client) };
    await expect(fence.transaction(asPool, LEASE, () => Promise.resolve())).rejects.toMatchObject({
      code: 'bad-option',
    });
    await expect(fence.transaction(scriptedPool(), [], () => Promise.resolve())).rejects.toMatchObject({
      code: 'no-lease',
    });
    await expect(
      fence.transaction(scriptedPool(), [LEASE, { ...LEASE, token: 2 }], () => Promise.resolve()),
    ).rejects.toMatchObject({ code: 'two-tokens' });
  });
});

describe('a stopped write', () => {
  const stop = async (fence: Fence, token = 1): Promise<void> => {
    const pool = scriptedPool([CHECK, stopped(token)]);
    await expect(
      fence.transaction(pool, { ...LEASE, token }, () => Promise.resolve()),
    ).rejects.toBeInstanceOf(FenceRefusedError);
    await fence.settled();
  };

  it('is reported once a minute for each token', async () => {
    let nowMs = 0;
    const { fence, reports } = watched({ clock: { now: () => nowMs, sleep: () => Promise.resolve() } });
    await stop(fence);
    await stop(fence);
    nowMs = 59_999;
    await stop(fence);
    expect(reports).toEqual([
      { profileId: 'p', presentedToken: 1, knownToken: 2, target: 'accounts', sqlState: 'WD001' },
    ]);
    await stop(fence, 3);
    nowMs = 60_000;
    await stop(fence);
    expect(reports.map(({ presentedToken }) => presentedToken)).toEqual([1, 3, 1]);
  });

  it('is reported after its transaction has ended, also where a guarded table stopped it', async () => {
    const pool = scriptedPool(['update', new Error('could not save', { cause: stopped() })]);
    const seen: string[] = [];
    const { fence } = watched({
      reportRefusal: () => Promise.resolve(void seen.push(...pool.log)),
    });
    await expect(fence.transaction(pool, LEASE, (client) => client.query('update account'))).rejects.toThrow(
      'could not save',
    );
    await fence.settled();
    expect(seen.slice(-2)).toEqual(['rollback', 'release']);
  });

  it('is told to the caller as ever when the report fails', async () => {
    const { fence, signals } = watched({ reportRefusal: () => Promise.reject(new Error('no broker')) });
    await stop(fence);
    expect(signals).toMatchObject([
      { type: 'report-lost', refusal: { profileId: 'p' }, error: { message: 'no broker' } },
    ]);
  });

  it('is lost, with a signal, when a hundred reports are under way', async () => {
    let release = (): void => undefined;
    const gate = new Promise<void>((resolve) => (release = resolve));
    const { fence, signals } = watched({ reportRefusal: () => gate });
    for (let token = 1; token <= 103; token++) {
      const pool = scriptedPool([CHECK, stopped(token)]);
      await fence.transaction(pool, { ...LEASE, token }, () => Promise.resolve()).catch(() => undefined);
    }
    expect(signals.filter(({ type }) => type === 'report-lost')).toHaveLength(3);
    release();
    await fence.settled();
  });

  it('survives a listener that throws', async () => {
    const { fence } = watched({
      onSignal: () => {
        throw new Error('listener');
      },
    });
    await fence.transaction(scriptedPool([CHECK, retry]), LEASE, () => Promise.resolve());
  });
});

describe('options', () => {
  it.each<[string, FenceOptions]>([
    ['attemptCountMax', { attemptCountMax: 0 }],
    ['attemptCountMax', { attemptCountMax: 101 }],
    ['firstPauseMs', { firstPauseMs: 0.5 }],
    ['pauseMsMax', { firstPauseMs: 100, pauseMsMax: 99 }],
    ['pauseMsMax', { pauseMsMax: 60_001 }],
    ['reportEveryMs', { reportEveryMs: -1 }],
    ['target', { target: '' }],
    ['target', { target: 'x'.repeat(129) }],
  ])('have bounds, and the error names %s', (name, options) => {
    expect(() => new Fence(options)).toThrow(FenceUsageError);
    expect(() => new Fence(options)).toThrow(name);
  });
});
