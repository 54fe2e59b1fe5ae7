import { describe, expect, it } from 'vitest';
import { VirtualClock } from './index.ts';

describe('virtual time', () => {
  it('fires what has become due in order, with everything that follows from it in between', async () => {
    const clock = new VirtualClock();
    const seen: string[] = [];
    clock.after(2, () => seen.push('second'));
    clock.after(1, () => {
      seen.push('first');
      void Promise.resolve().then(() => Promise.resolve().then(() => seen.push('what follows')));
      clock.after(0, () => seen.push('at once'));
    });
    await clock.advance(2);
    expect(seen).toEqual(['first', 'what follows', 'at once', 'second']);
  });

  it('fires any number of timers within one advance', async () => {
    const clock = new VirtualClock();
    let count = 0;
    const again = (): void => {
      count += 1;
      if (count < 1_000) clock.after(1, again);
    };
    clock.after(1, again);
    await clock.advance(1_000);
    expect([count, clock.now()]).toEqual([1_000, 1_000]);
  });

  it('rejects where something waits in a circle and time does not go on', async () => {
    const clock = new VirtualClock();
    const again = (): void => void clock.after(0, again);
    clock.after(3, again);
    await expect(clock.advance(10)).rejects.toThrow('fired at 3 ms and time does not go on');
  });

  it('rejects where a timer throws', async () => {
    const clock = new VirtualClock();
    clock.after(1, () => {
      throw new Error('broken');
    });
    await expect(clock.advance(2)).rejects.toThrow('broken');
  });
});

describe('the clock of a process', () => {
  it('shows another time than others, and sleeps by its own', async () => {
    const clock = new VirtualClock();
    const fast = clock.process({ offsetMs: 500, rate: 2 });
    let isAwake = false;
    void fast.sleep(100).then(() => (isAwake = true));
    await clock.advance(49);
    expect([fast.now(), isAwake]).toEqual([598, false]);
    await clock.advance(1);
    expect([fast.now(), isAwake]).toEqual([600, true]);
  });

  it('has a calendar that may be set without any of its time passing', async () => {
    const clock = new VirtualClock();
    const process = clock.process();
    await clock.advance(10);
    const before = process.wallNow();
    process.wallSkewMs = -86_400_000;
    expect([process.wallNow(), process.now()]).toEqual([before - 86_400_000, 10]);
  });

  it('is told of its death once, unless that was taken back', () => {
    const process = new VirtualClock().process();
    const mourned: string[] = [];
    process.onDeath(() => mourned.push('one'));
    process.onDeath(() => mourned.push('other'))();
    process.kill();
    process.kill();
    expect(mourned).toEqual(['one']);
  });
});

describe('a line of a process', () => {
  it('stands still alone, with its process, and for ever once that is dead', async () => {
    const clock = new VirtualClock();
    const process = clock.process();
    const line = process.line();
    const turns: string[] = [];
    const take = (what: string): void => void line.turn().then(() => turns.push(what));
    line.pause();
    take('cut off');
    await clock.advance(0);
    expect([turns, process.isPaused]).toEqual([[], false]);
    process.pause();
    line.resume();
    await clock.advance(0);
    expect(turns).toEqual([]);
    process.resume();
    await clock.advance(0);
    expect(turns).toEqual(['cut off']);
    process.kill();
    take('dead');
    await clock.advance(0);
    expect([turns, line.isDead]).toEqual([['cut off'], true]);
  });
});
