import { describe, expect, it } from 'vitest';
import { AbortSource } from './abort-source.ts';

describe('an abort source', () => {
  it('tells those who listened', () => {
    const source = new AbortSource();
    const { signal } = source;
    const heard: unknown[] = [];
    signal.addEventListener('abort', () => heard.push(signal.reason));
    expect([signal.aborted, source.isAborted, source.reason]).toEqual([false, false, null]);
    source.throwIfAborted();
    const reason = new Error('lost');
    source.abort(reason);
    expect(heard).toEqual([reason]);
    expect(source.signal).toBe(signal);
  });

  it('has a signal that is aborted for those who ask later', () => {
    const source = new AbortSource();
    const reason = new Error('lost');
    source.abort(reason);
    expect([source.signal.aborted, source.signal.reason]).toEqual([true, reason]);
    expect(() => source.throwIfAborted()).toThrow(reason);
  });

  it.each([true, false])('keeps its first reason (listened to before: %s)', (isListenedTo) => {
    const source = new AbortSource();
    if (isListenedTo) expect(source.signal.aborted).toBe(false);
    const first = new Error('first');
    source.abort(first);
    source.abort(new Error('second'));
    expect([source.reason, source.signal.reason]).toEqual([first, first]);
  });
});
