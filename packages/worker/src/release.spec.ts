import { describe, expect, it } from 'vitest';
import { startBench } from './authority.fixture.ts';
import { settle } from './memory-log.fixture.ts';
import type { ReleaseOptions } from './release.ts';

describe('release', () => {
  it('resolves when the authority took the profile back, and nothing follows it', async () => {
    const { log, clock, authority, lease } = await startBench();
    const held = await lease();
    const ended = held.release({ outcome: 'completed', browserClosed: 'confirmed' });
    await settle();
    expect(log.of('ReleaseRequested')).toMatchObject([
      { token: 1, outcome: 'completed', browserClosed: 'confirmed' },
    ]);
    authority.released('p1', 1);
    expect(await ended).toEqual({ ended: 'released' });
    expect(held.signal.aborted).toBe(false);
    expect(held.canAct()).toBe(false);
    await clock.advance(60_000);
    expect(log.records.at(-1)?.event.type).toBe('LeaseReleased');
    await expect(held.step('late', { kind: 'read' }, () => 1)).rejects.toMatchObject({ code: 'lease-ended' });
  });

  it('says so when the profile went into recovery', async () => {
    const { authority, lease } = await startBench();
    const held = await lease();
    const ended = held.release({ browserClosed: 'unconfirmed' });
    await settle();
    authority.quarantine('p1', 1);
    expect(await ended).toEqual({ ended: 'quarantined' });
  });

  it('does not wait for ever', async () => {
    const { clock, lease, notices } = await startBench();
    const held = await lease();
    const ended = held.release({ browserClosed: 'confirmed' });
    await clock.advance(15_000);
    expect(await ended).toEqual({ ended: 'unknown' });
    expect(notices.at(-1)).toMatchObject({ type: 'release-unanswered', token: 1 });
  });

  it('tries again while the log does not take it, under one id', async () => {
    const { log, clock, authority, lease } = await startBench();
    const held = await lease();
    log.fail('written-but-unknown', ({ type }) => type === 'ReleaseRequested', 2);
    const ended = held.release({ browserClosed: 'confirmed' });
    await clock.advance(1_000);
    const sent = log.records.filter(({ event }) => event.type === 'ReleaseRequested');
    expect(sent).toHaveLength(3);
    expect(new Set(sent.map(({ id }) => id)).size).toBe(1);
    authority.released('p1', 1);
    expect(await ended).toEqual({ ended: 'released' });
  });

  it('is done once', async () => {
    const { log, authority, lease } = await startBench();
    const held = await lease();
    const twice = [
      held.release({ browserClosed: 'confirmed' }),
      held.release({ browserClosed: 'unconfirmed' }),
    ];
    await settle();
    authority.released('p1', 1);
    expect(await Promise.all(twice)).toEqual([{ ended: 'released' }, { ended: 'released' }]);
    expect(log.of('ReleaseRequested')).toMatchObject([{ browserClosed: 'confirmed' }]);
  });

  it('comes after running steps and after a heartbeat that is under way', async () => {
    const { log, clock, authority, lease } = await startBench();
    const held = await lease();
    const answer = Promise.withResolvers<'reachable'>();
    held.browserState(() => answer.promise);
    await clock.advance(10_000);
    const step = Promise.withResolvers<undefined>();
    const running = held.step('work', { kind: 'side-effect' }, () => step.promise);
    await settle();
    const ended = held.release({ browserClosed: 'confirmed' });
    await settle();
    expect(log.of('ReleaseRequested')).toEqual([]);
    await expect(held.step('more', { kind: 'read' }, () => 1)).rejects.toMatchObject({ code: 'lease-ended' });
    step.resolve(undefined);
    await running;
    answer.resolve('reachable');
    await settle();
    authority.released('p1', 1);
    await ended;
    expect(log.records.slice(-3).map(({ event }) => event.type)).toEqual([
      'StepCompleted',
      'ReleaseRequested',
      'LeaseReleased',
    ]);
    expect(log.of('Heartbeat')).toHaveLength(1);
  });

  it('is the last that is heard, in whatever turn a heartbeat gets ready', async () => {
    for (let turns = 0; turns < 16; turns += 1) {
      const { log, clock, lease } = await startBench();
      const held = await lease();
      const answer = Promise.withResolvers<'reachable'>();
      held.browserState(() => answer.promise);
      await clock.advance(10_000);
      answer.resolve('reachable');
      for (let i = 0; i < turns; i += 1) await Promise.resolve();
      void held.release({ browserClosed: 'confirmed' });
      await settle();
      expect(log.records.at(-1)?.event.type, `${turns} turns`).toBe('ReleaseRequested');
    }
  });

  it('goes out although a heartbeat hangs', async () => {
    const { log, clock, authority, lease } = await startBench();
    const held = await lease();
    log.fail('hangs', ({ type }) => type === 'Heartbeat');
    await clock.advance(10_000);
    const ended = held.release({ browserClosed: 'confirmed' });
    await settle();
    authority.released('p1', 1);
    expect(await ended).toEqual({ ended: 'released' });
  });

  it('pauses nothing any more', async () => {
    const { clock, lease } = await startBench();
    const held = await lease();
    let pauses = 0;
    held.onPause(() => (pauses += 1));
    void held.release({ browserClosed: 'confirmed' });
    await settle();
    clock.freeze(600_000);
    expect(held.paused).toBe(false);
    await clock.advance(1_000);
    expect(pauses).toBe(0);
  });

  it('goes out although a step never ends, and tells that step', async () => {
    const { log, clock, lease } = await startBench();
    const held = await lease();
    let told = false;
    const running = held.step('hang', { kind: 'side-effect' }, ({ signal }) => {
      return new Promise<void>((resolve) =>
        signal.addEventListener('abort', () => {
          told = true;
          resolve();
        }),
      );
    });
    running.catch(() => undefined);
    await settle();
    void held.release({ browserClosed: 'confirmed' });
    await clock.advance(15_500);
    expect(told).toBe(true);
    expect(log.of('ReleaseRequested')).toHaveLength(1);
    expect(log.of('StepCompleted')).toEqual([]);
    await expect(running).rejects.toMatchObject({ code: 'step-unrecorded' });
  });

  it('refuses a word about the browser that it does not know, before anything is sent', async () => {
    const { log, lease } = await startBench();
    const held = await lease();
    const nonsense = { browserClosed: 'perhaps' } as unknown as ReleaseOptions;
    await expect(held.release(nonsense)).rejects.toMatchObject({ field: 'browserClosed' });
    expect(log.of('ReleaseRequested')).toEqual([]);
  });

  it('of a lost lease is still sent, since it tells the recovery about the browser', async () => {
    const { log, authority, lease } = await startBench();
    const held = await lease();
    authority.quarantine('p1', 1);
    await settle();
    expect(await held.release({ outcome: 'failed', browserClosed: 'confirmed' })).toEqual({
      ended: 'quarantined',
    });
    expect(log.records.at(-1)?.event).toMatchObject({ type: 'ReleaseRequested', browserClosed: 'confirmed' });
  });
});

describe('await using', () => {
  it.each([
    [false, 'unconfirmed'],
    [true, 'confirmed'],
  ])('releases what was not released, browser closed: %s', async (closed, browserClosed) => {
    const { log, authority, lease } = await startBench();
    const use = async (): Promise<void> => {
      await using held = await lease();
      if (closed) held.browserClosed();
    };
    const done = use();
    await settle();
    expect(log.of('ReleaseRequested')).toMatchObject([{ outcome: 'unknown', browserClosed }]);
    authority.released('p1', 1);
    await done;
  });

  it('leaves a released lease alone', async () => {
    const { log, authority, lease } = await startBench();
    const use = async (): Promise<void> => {
      await using held = await lease();
      void settle().then(() => authority.released('p1', 1));
      await held.release({ browserClosed: 'confirmed' });
    };
    await use();
    expect(log.of('ReleaseRequested')).toHaveLength(1);
  });
});
