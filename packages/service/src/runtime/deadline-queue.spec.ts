import { describe, expect, it } from 'vitest';
import { DeadlineQueue } from './deadline-queue.ts';

describe('DeadlineQueue', () => {
  it('hands out every key once, when its time has come and in the order of the times', () => {
    const queue = new DeadlineQueue();
    for (const at of [50, 10, 40, 20, 30, 60]) queue.set(`k${at}`, at);
    expect(queue.due(9)).toEqual([]);
    expect(queue.due(40)).toEqual(['k10', 'k20', 'k30', 'k40']);
    expect(queue.due(40)).toEqual([]);
    expect(queue.size).toBe(2);
    expect(queue.due(Infinity)).toEqual(['k50', 'k60']);
  });

  it('moves a key in both directions; only its newest time counts', () => {
    const queue = new DeadlineQueue();
    queue.set('later', 10);
    queue.set('later', 30);
    queue.set('sooner', 40);
    queue.set('sooner', 20);
    expect(queue.due(15)).toEqual([]);
    expect(queue.due(25)).toEqual(['sooner']);
    expect(queue.due(50)).toEqual(['later']);
  });

  it('forgets a key whose time is taken away, and takes it up again', () => {
    const queue = new DeadlineQueue();
    queue.set('k', 10);
    queue.set('k', null);
    expect(queue.due(20)).toEqual([]);
    queue.set('k', 10);
    expect(queue.due(20)).toEqual(['k']);
    expect(queue.size).toBe(0);
  });

  it('knows a key that comes back at the time it had before', () => {
    const queue = new DeadlineQueue();
    queue.set('k', 10);
    queue.set('k', 20);
    queue.set('k', 10);
    expect(queue.due(10)).toEqual(['k']);
    expect(queue.due(30)).toEqual([]);
  });

  it('is empty after clear', () => {
    const queue = new DeadlineQueue();
    queue.set('k', 10);
    queue.clear();
    expect(queue.size).toBe(0);
    expect(queue.due(Infinity)).toEqual([]);
  });

  it('agrees with a plain list over a thousand sets and looks', () => {
    const queue = new DeadlineQueue();
    const plain = new Map<string, number>();
    for (let step = 0, at = 7; step < 1_000; step += 1) {
      at = (at * 7_919 + step) % 1_009;
      const key = `k${at % 37}`;
      if (at % 11 === 0) {
        queue.set(key, null);
        plain.delete(key);
      } else {
        queue.set(key, step + at);
        plain.set(key, step + at);
      }
      const due = [...plain].filter(([, time]) => time <= step).map(([name]) => name);
      for (const name of due) plain.delete(name);
      expect(queue.due(step).sort()).toEqual(due.sort());
    }
    expect(queue.size).toBe(plain.size);
  });
});
