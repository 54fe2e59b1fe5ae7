import { describe, expect, it } from 'vitest';
import { startBench, type Bench } from './authority.fixture.ts';
import { settle } from './memory-log.fixture.ts';

const released = ({ log }: Bench) => log.of('ReleaseRequested');

describe('the hook that closes the browser', () => {
  it.each([
    [true, 'confirmed'],
    [false, 'unconfirmed'],
  ] as const)('is called by a release, and %s makes it %s', async (seen, browserClosed) => {
    const bench = await startBench();
    const held = await bench.lease();
    const end = Promise.withResolvers<boolean>();
    held.closeBrowserWith(() => end.promise);
    void held.release();
    await settle();
    expect(released(bench)).toEqual([]);
    end.resolve(seen);
    await settle();
    expect(released(bench)).toMatchObject([{ outcome: 'completed', browserClosed }]);
  });

  it('waits for running steps', async () => {
    const bench = await startBench();
    const held = await bench.lease();
    const work = Promise.withResolvers<undefined>();
    const step = held.step('work', { kind: 'side-effect' }, () => work.promise);
    await settle();
    let calls = 0;
    held.closeBrowserWith(() => (calls += 1) > 0);
    void held.release();
    await settle();
    expect(calls).toBe(0);
    work.resolve(undefined);
    await step;
    await settle();
    expect(calls).toBe(1);
  });

  it('is called once when the lease is lost, and its answer goes with the release', async () => {
    const bench = await startBench();
    const held = await bench.lease();
    let calls = 0;
    held.closeBrowserWith(() => (calls += 1) > 0);
    bench.authority.quarantine('p1', 1);
    await settle();
    expect(calls).toBe(1);
    await held.release({ outcome: 'failed' });
    expect(calls).toBe(1);
    expect(released(bench)).toMatchObject([{ outcome: 'failed', browserClosed: 'confirmed' }]);
  });

  it('is called by a shutdown', async () => {
    const bench = await startBench();
    const held = await bench.lease();
    held.closeBrowserWith(() => true);
    const done = bench.worker.shutdown();
    await settle();
    expect(released(bench)).toMatchObject([{ outcome: 'cancelled', browserClosed: 'confirmed' }]);
    bench.authority.released('p1', 1);
    await done;
  });

  it('is not waited for longer than releaseTimeoutMs, and an error confirms nothing', async () => {
    const bench = await startBench();
    const [slow, broken] = [await bench.lease('p1'), await bench.lease('p2')];
    slow.closeBrowserWith(() => new Promise(() => undefined));
    broken.closeBrowserWith(() => Promise.reject(new Error('no')));
    void slow.release();
    void broken.release();
    await bench.clock.advance(14_999);
    expect(released(bench)).toMatchObject([{ token: 2, browserClosed: 'unconfirmed' }]);
    await bench.clock.advance(1);
    expect(released(bench)).toMatchObject([{ token: 2 }, { token: 1, browserClosed: 'unconfirmed' }]);
    expect(bench.notices).toContainEqual({
      type: 'callback-failed',
      callback: 'closeBrowserWith',
      detail: 'no',
    });
  });

  it.each([-1, 1.5, 3_600_001])('cannot need %d ms', async (needsMs) => {
    const held = await (await startBench()).lease();
    expect(() => held.closeBrowserWith(() => true, needsMs)).toThrow(/needsMs/);
  });

  it('is left alone where the browser was seen to end, and told apart from that of the next browser', async () => {
    const bench = await startBench();
    const held = await bench.lease();
    held.closeBrowserWith(() => true);
    held.browserState(() => 'reachable');
    held.browserClosed();
    let calls = 0;
    held.browserState(() => 'reachable');
    held.closeBrowserWith(() => (calls += 1) > 1);
    await bench.clock.advance(10_000);
    expect(bench.log.of('Heartbeat').at(-1)).toMatchObject({ browser: 'reachable' });
    void held.release();
    await settle();
    expect(calls).toBe(1);
    expect(released(bench)).toMatchObject([{ browserClosed: 'unconfirmed' }]);
  });
});
