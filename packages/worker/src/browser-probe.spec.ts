import { beforeEach, describe, expect, it } from 'vitest';
import { BrowserProbe } from './browser-probe.ts';
import type { BrowserSource } from './browser-source.ts';
import { VirtualClock, settle } from './memory-log.fixture.ts';
import type { WorkerNotice } from './notice.ts';

const CLOSED: BrowserSource = { kind: 'state', state: 'closed' };

let clock: VirtualClock;
let notices: WorkerNotice[];
let probe: BrowserProbe;

beforeEach(() => {
  clock = new VirtualClock();
  notices = [];
  probe = new BrowserProbe(
    clock,
    (notice) => notices.push(notice),
    () => undefined,
  );
});

describe('the callback that asks the browser', () => {
  it('is not called again while an answer of it is outstanding', async () => {
    const first = Promise.withResolvers<'reachable'>();
    let calls = 0;
    probe.askWith(() => {
      calls += 1;
      return first.promise;
    });
    const asked = probe.answer();
    expect(await probe.answer()).toBe('unreachable');
    expect(calls).toBe(1);
    first.resolve('reachable');
    expect(await asked).toBe('reachable');
    expect(await probe.answer()).toBe('reachable');
    expect(calls).toBe(2);
  });

  it('that never answers does not keep the callback of the next browser from being called', async () => {
    probe.askWith(() => new Promise(() => undefined));
    void probe.answer();
    expect(await probe.answer()).toBe('unreachable');
    probe.askWith(() => 'reachable');
    expect(await probe.answer()).toBe('reachable');
    expect(notices).toEqual([]);
  });

  it('that answers late lets nobody call the next one twice at a time', async () => {
    const late = Promise.withResolvers<'reachable'>();
    probe.askWith(() => late.promise);
    const before = probe.answer();
    let calls = 0;
    probe.askWith(() => {
      calls += 1;
      return new Promise(() => undefined);
    });
    void probe.answer();
    late.resolve('reachable');
    await before;
    expect(await probe.answer()).toBe('unreachable');
    expect(calls).toBe(1);
  });
});

describe('what the hook answers', () => {
  it.each<[string, () => void]>([
    ['callback', () => probe.askWith(() => 'starting')],
    ['socket', () => probe.askAt('ws://127.0.0.1:9/devtools/browser/2')],
    ['hook', () => probe.closeWith(() => true)],
  ])('says nothing about a browser whose %s was set meanwhile', async (_, launchNext) => {
    const end = Promise.withResolvers<boolean>();
    probe.askWith(() => 'reachable');
    probe.closeWith(() => end.promise);
    const closing = probe.close(1_000);
    launchNext();
    end.resolve(true);
    expect(await closing).toBe('unconfirmed');
    expect(probe.source).not.toEqual(CLOSED);
  });

  it('says nothing about a browser that came after it, and has no hook of its own', async () => {
    probe.askWith(() => 'reachable');
    probe.closeWith(() => true);
    expect(await probe.close(1_000)).toBe('confirmed');
    probe.askWith(() => 'starting');
    expect(await probe.close(1_000)).toBe('unconfirmed');
  });

  it('is confirmed all the same where the next browser was seen to end too', async () => {
    const end = Promise.withResolvers<boolean>();
    probe.closeWith(() => end.promise);
    const closing = probe.close(1_000);
    probe.askWith(() => 'reachable');
    probe.closed();
    end.resolve(true);
    expect(await closing).toBe('confirmed');
  });

  it.each([
    [400, 1_000],
    [1_000, 1_000],
    [2_500, 2_500],
  ])('is waited for as long as it needs, here %i ms, and 1000 ms at least', async (needsMs, waitedMs) => {
    probe.closeWith(() => new Promise(() => undefined), needsMs);
    let said: string | null = null;
    void probe.close(1_000).then((answer) => (said = answer));
    await clock.advance(waitedMs - 1);
    expect(said).toBeNull();
    await clock.advance(1);
    await settle();
    expect(said).toBe('unconfirmed');
  });
});
