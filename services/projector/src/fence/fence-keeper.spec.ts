import type { FenceChange, FenceRow } from '@profile-warden/postgres';
import { systemClock } from '@profile-warden/service';
import { granted, logOf, quarantineRequested, withPolicy } from '@profile-warden/testkit/spec';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { ProjectorSignal } from '../signals.ts';
import { FenceKeeper } from './fence-keeper.ts';
import type { FenceGateway } from './gateway.ts';
import { changeOf } from './ledger.ts';
import type { LogEnd } from './log-goals.ts';

/** A target in memory that can become another database at any moment. */
class MemoryTarget implements FenceGateway {
  identity = 'db:1';
  readonly calls: string[] = [];
  readonly reportedAs: string[] = [];
  stored = new Map<string, FenceRow>();
  /** Called with the name of each call before it is answered. */
  before: (call: string) => void = () => undefined;

  #note(call: string): void {
    this.before(call);
    this.calls.push(call);
  }
  ensure(): Promise<void> {
    return Promise.resolve();
  }
  incarnation(): Promise<string> {
    return Promise.resolve(this.identity);
  }
  rows(): Promise<readonly FenceRow[]> {
    return Promise.resolve([...this.stored.values()]);
  }
  mark(changes: readonly FenceChange[]): Promise<void> {
    this.#note(`mark ${changes.map(({ token }) => token).join()}`);
    return Promise.resolve();
  }
  set(changes: readonly FenceChange[]): Promise<readonly string[]> {
    this.#note(`set ${changes.map(({ token, status }) => `${token} ${status}`).join()}`);
    for (const { profileId, token, status, offset } of changes)
      this.stored.set(profileId, { profileId, token, valid: status === 'held', offset, revokedToken: 0 });
    return Promise.resolve([]);
  }
  wait(): Promise<boolean> {
    return Promise.resolve(false);
  }
  report(...asked: Parameters<FenceGateway['report']>): Promise<string> {
    this.reportedAs.push(asked[1]);
    return Promise.resolve(this.identity);
  }
  replacedBy(identity: string): void {
    this.identity = identity;
    this.stored = new Map();
  }
}

const signal = AbortSignal.timeout(30_000);

function keeperOf(
  gateway: FenceGateway,
  logEnd: LogEnd = () => Promise.resolve(0),
): { keeper: FenceKeeper; signals: ProjectorSignal[] } {
  const signals: ProjectorSignal[] = [];
  const keeper = new FenceKeeper({
    target: 'accounts',
    gateway,
    logEnd,
    partitionCount: 1,
    clock: systemClock,
    onSignal: (one) => void signals.push(one),
  });
  const stopping = new AbortController();
  const running = keeper.run(stopping.signal);
  onTestFinished(async () => {
    stopping.abort();
    await running;
  });
  return { keeper, signals };
}

const quarantinedLog = (): ReturnType<typeof logOf> =>
  logOf(withPolicy({ fenceTargets: ['accounts'] }), granted(), quarantineRequested(), (log) =>
    log.payAuthority(),
  );

const revoked = (log: ReturnType<typeof logOf>): FenceChange => {
  const change = changeOf(log.profile(), 0);
  if (change === null) throw new Error('no lease');
  return change;
};

describe('a fence target', () => {
  it('is marked before its row is raised, and only then confirmed', async () => {
    const log = quarantinedLog();
    const target = new MemoryTarget();
    const { keeper } = keeperOf(target);
    keeper.open(log.state);
    expect(await keeper.raise(revoked(log), 2_000, signal)).toBe('db:1');
    expect(target.calls).toEqual(['mark 1', 'set 1 revoked']);
  });

  it('confirms nothing that another database was told, and raises again there', async () => {
    const log = quarantinedLog();
    const target = new MemoryTarget();
    const { keeper, signals } = keeperOf(target);
    let isReplaced = false;
    target.before = (call) => {
      if (!call.startsWith('set') || isReplaced) return;
      // The statement was answered by the old database, which is gone by the time its identity is asked for.
      isReplaced = true;
      setTimeout(() => target.replacedBy('db:2'), 0);
    };
    target.incarnation = () => new Promise((resolve) => setTimeout(() => resolve(target.identity), 5));
    target.report = () => target.incarnation();
    keeper.open(log.state);
    const first = await keeper.raise(revoked(log), 2_000, signal);
    expect(first === null || first === 'db:2').toBe(true);
    expect(signals).toContainEqual({
      type: 'target-changed',
      target: 'accounts',
      before: 'db:1',
      incarnation: 'db:2',
    });
    expect(await keeper.raise(revoked(log), 2_000, signal)).toBe('db:2');
    expect(target.stored.get('p1')).toMatchObject({ token: 1, valid: false });
  });

  it('that was restored is reported to only under its own name, and after its rows were read', async () => {
    const log = logOf(granted());
    const target = new MemoryTarget();
    const told: string[] = [];
    target.rows = () => {
      told.push(`rows of ${target.identity}`);
      return Promise.resolve([...target.stored.values()]);
    };
    target.report = (_progress, incarnation) => {
      told.push(`${target.identity} as ${incarnation}`);
      return target.incarnation();
    };
    const { keeper } = keeperOf(target);
    keeper.open(log.state);
    await expect.poll(() => told).toContain('db:1 as db:1');
    target.replacedBy('db:2');
    log.tick(1_000);
    await expect.poll(() => told, { timeout: 5_000 }).toContain('db:2 as db:2');
    expect(told.indexOf('rows of db:2')).toBeGreaterThan(told.indexOf('db:2 as db:1'));
    expect(told.indexOf('db:2 as db:2')).toBeGreaterThan(told.indexOf('rows of db:2'));
  });

  it('confirms nothing that a writer was waited for in another database', async () => {
    const log = quarantinedLog();
    const target = new MemoryTarget();
    const { keeper, signals } = keeperOf(target);
    const isKnown = (): boolean => signals.some(({ type }) => type === 'target-changed');
    target.set = (changes) => Promise.resolve(changes.map(({ profileId }) => profileId));
    target.wait = async () => {
      if (target.identity === 'db:2') return false;
      target.replacedBy('db:2');
      log.tick(1_000);
      await expect.poll(isKnown, { timeout: 5_000 }).toBe(true);
      return true;
    };
    keeper.open(log.state);
    expect(await keeper.raise(revoked(log), 1_500, signal)).toBeNull();
    expect(isKnown()).toBe(true);
  });

  it('is told what the fold says after a restore, though no record speaks of it', async () => {
    const log = logOf(granted());
    const target = new MemoryTarget();
    const { keeper } = keeperOf(target);
    keeper.open(log.state);
    await expect.poll(() => target.stored.get('p1')?.valid).toBe(true);
    target.replacedBy('db:2');
    log.tick(1_000);
    keeper.changed(0, []);
    await expect.poll(() => target.stored.get('p1')?.valid, { timeout: 5_000 }).toBe(true);
  });

  it('is confirmed after a restart, though nothing is folded any more', async () => {
    const log = logOf(granted());
    const target = new MemoryTarget();
    const { keeper } = keeperOf(target);
    keeper.open(log.state);
    await expect.poll(() => target.reportedAs).toEqual(['db:1']);
    target.replacedBy('db:2');
    await expect.poll(() => target.reportedAs, { timeout: 5_000 }).toEqual(['db:1', 'db:2']);
    expect(target.stored.get('p1')?.valid).toBe(true);
  });

  it('that was restored has to reach the end that the log has then, not the one of the start', async () => {
    const log = logOf(granted());
    const target = new MemoryTarget();
    const goals: string[] = [];
    target.report = ([first], incarnation) => {
      goals.push(`${incarnation} to ${first?.goalOffset}`);
      return target.incarnation();
    };
    let end = log.nextOffset;
    const { keeper } = keeperOf(target, () => Promise.resolve(end));
    keeper.open(log.state);
    await expect.poll(() => goals).toEqual([`db:1 to ${log.nextOffset}`]);
    // Others have written on, this fold does not know of it.
    end += 100;
    target.replacedBy('db:2');
    await expect.poll(() => goals.at(-1), { timeout: 5_000 }).toBe(`db:2 to ${log.nextOffset + 100}`);
  });

  it('has its rows set, and is told nothing more, while the broker does not say where the log ends', async () => {
    const log = logOf(granted());
    const target = new MemoryTarget();
    let answer: (end: number) => void = () => undefined;
    const { keeper } = keeperOf(target, () => new Promise((resolve) => (answer = resolve)));
    keeper.open(log.state);
    await expect.poll(() => target.stored.get('p1')?.valid).toBe(true);
    await systemClock.sleep(600);
    expect(target.reportedAs).toEqual([]);
    answer(log.nextOffset);
    await expect.poll(() => target.reportedAs).toEqual(['db:1']);
  });

  it('is told nothing that it says already', async () => {
    const log = logOf(granted());
    const target = new MemoryTarget();
    target.stored.set('p1', { profileId: 'p1', token: 1, valid: true, offset: 3, revokedToken: 0 });
    const { keeper } = keeperOf(target);
    keeper.open(log.state);
    await systemClock.sleep(100);
    expect(target.calls).toEqual([]);
  });

  it('gives up waiting in time when a writer does not end', async () => {
    const log = quarantinedLog();
    const target = new MemoryTarget();
    target.set = (changes) => Promise.resolve(changes.map(({ profileId }) => profileId));
    const { keeper } = keeperOf(target);
    keeper.open(log.state);
    expect(await keeper.raise(revoked(log), 50, signal)).toBeNull();
  });

  it('sets a row aside that it refuses for good, and goes on with the others', async () => {
    const log = logOf(granted());
    log.append({ ...log.records[2]?.event, type: 'LeaseRequested', requestId: 'r9' } as never, 'p2');
    log.payAuthority('p2');
    const target = new MemoryTarget();
    const set = target.set.bind(target);
    target.set = (changes) =>
      changes.some(({ profileId }) => profileId === 'p1')
        ? Promise.reject(Object.assign(new Error('this is another log'), { code: '22023' }))
        : set(changes);
    const { keeper, signals } = keeperOf(target);
    keeper.open(log.state);
    await expect.poll(() => target.stored.get('p2')?.valid).toBe(true);
    expect(signals).toContainEqual(
      expect.objectContaining({ type: 'fence-refused', profileId: 'p1', token: 1 }),
    );
  });
});
