import { describe, expect, it } from 'vitest';
import { startBench } from './authority.fixture.ts';
import { settle } from './memory-log.fixture.ts';
import type { MemoryLog } from './memory-log.fixture.ts';

describe('a release without an outcome calls the task failed', () => {
  const outcomes = (log: MemoryLog): unknown[] => log.of('ReleaseRequested').map(({ outcome }) => outcome);
  const isStart = ({ type }: { type: string }): boolean => type === 'StepStarted';

  it('when a step was', async () => {
    const { log, lease } = await startBench();
    const good = await lease('p1');
    const bad = await lease('p22');
    await good.step('a', { kind: 'read' }, () => 1);
    await bad.step('a', { kind: 'read' }, () => Promise.reject(new Error('no'))).catch(() => undefined);
    void good.release({ browserClosed: 'confirmed' });
    void bad.release({ browserClosed: 'confirmed' });
    await settle();
    expect(log.of('ReleaseRequested').map(({ outcome }) => outcome)).toEqual(['completed', 'failed']);
  });

  it('when a step never came to act', async () => {
    const { log, lease } = await startBench();
    const held = await lease();
    log.fail('lost', isStart, 1);
    const step = held.step('pay', { kind: 'sensitive' }, () => 1);
    await expect(step).rejects.toMatchObject({ code: 'step-not-started' });
    await settle();
    void held.release({ browserClosed: 'confirmed' });
    await settle();
    expect(log.of('StepCompleted')).toMatchObject([{ outcome: 'not-applied' }]);
    expect(outcomes(log)).toEqual(['failed']);
  });

  it('when a step was refused since the worker shuts down', async () => {
    const { log, worker, lease } = await startBench();
    const held = await lease();
    held.onStopRequested(() => new Promise(() => undefined));
    const first = Promise.withResolvers<undefined>();
    const rows = (async () => {
      try {
        await held.step('row 1', { kind: 'reversible' }, () => first.promise);
        await held.step('row 2', { kind: 'reversible' }, () => 1);
      } finally {
        void held.release({ browserClosed: 'confirmed' });
      }
    })();
    await settle();
    void worker.shutdown();
    first.resolve(undefined);
    await expect(rows).rejects.toMatchObject({ code: 'worker-closed' });
    await settle();
    expect(outcomes(log)).toEqual(['failed']);
  });

  it('when a step waited for a paused lease and the release came first', async () => {
    const { log, clock, lease } = await startBench();
    const held = await lease();
    clock.freeze(600_000);
    const waiting = held.step('look', { kind: 'read' }, () => 1).catch((e: unknown) => e);
    await settle();
    void held.release({ browserClosed: 'confirmed' });
    expect(await waiting).toMatchObject({ code: 'lease-ended' });
    await settle();
    expect(outcomes(log)).toEqual(['failed']);
  });

  it('when a step fails while the release waits for it', async () => {
    const { log, lease } = await startBench();
    const held = await lease();
    const action = Promise.withResolvers<undefined>();
    const step = held.step('draft', { kind: 'reversible' }, () => action.promise);
    await settle();
    void held.release({ browserClosed: 'confirmed' });
    action.reject(new Error('no'));
    await expect(step).rejects.toThrow('no');
    await settle();
    expect(outcomes(log)).toEqual(['failed']);
  });

  it('when a step was called while the release closes the browser', async () => {
    const { log, lease } = await startBench();
    const held = await lease();
    const closing = Promise.withResolvers<boolean>();
    held.closeBrowserWith(() => closing.promise);
    void held.release();
    await settle();
    const late = held.step('late', { kind: 'read' }, () => 1);
    await expect(late).rejects.toMatchObject({ code: 'lease-ended' });
    closing.resolve(true);
    await settle();
    expect(outcomes(log)).toEqual(['failed']);
  });

  it('when a step still runs after releaseTimeoutMs', async () => {
    const { log, clock, lease } = await startBench();
    const held = await lease();
    const step = held.step('hang', { kind: 'read' }, () => new Promise(() => undefined));
    step.catch(() => undefined);
    await settle();
    void held.release({ browserClosed: 'confirmed' });
    await clock.advance(15_500);
    expect(outcomes(log)).toEqual(['failed']);
  });

  it('when a step met a lost lease', async () => {
    const { log, authority, lease } = await startBench();
    const held = await lease();
    await held.step('one', { kind: 'read' }, () => 1);
    authority.quarantine('p1', 1);
    await settle();
    const two = held.step('two', { kind: 'read' }, () => 1);
    await expect(two).rejects.toMatchObject({ code: 'lease-lost' });
    void held.release({ browserClosed: 'confirmed' });
    await settle();
    expect(outcomes(log)).toEqual(['failed']);
  });

  it('when the lease did not cover a step', async () => {
    const { log, lease } = await startBench();
    const held = await lease('p1', { readOnly: true });
    const pay = held.step('pay', { kind: 'sensitive' }, () => 1);
    await expect(pay).rejects.toMatchObject({ code: 'step-not-allowed' });
    void held.release({ browserClosed: 'confirmed' });
    await settle();
    expect(outcomes(log)).toEqual(['failed']);
  });

  it('but not for bad input, nor where something else was said', async () => {
    const { log, lease } = await startBench();
    const held = await lease('p1');
    const done = await lease('p22');
    await held.step('', { kind: 'read' }, () => 1).catch(() => undefined);
    await done.step('a', { kind: 'read' }, () => Promise.reject(new Error('no'))).catch(() => undefined);
    void held.release({ browserClosed: 'confirmed' });
    void done.release({ outcome: 'completed', browserClosed: 'confirmed' });
    await settle();
    expect(outcomes(log)).toEqual(['completed', 'completed']);
  });
});
