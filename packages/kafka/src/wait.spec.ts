import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { unlessAborted, within } from './wait.ts';

describe('work that is not waited for any more', () => {
  const unheard: unknown[] = [];
  const hear = (error: unknown): void => void unheard.push(error);
  beforeEach(() => {
    unheard.length = 0;
    process.on('unhandledRejection', hear);
  });
  afterEach(() => void process.off('unhandledRejection', hear));

  it('may fail later, where the signal had aborted before it was waited for', async () => {
    const work = Promise.withResolvers<never>();
    await expect(unlessAborted(work.promise, AbortSignal.abort(new Error('gone')))).rejects.toThrow('gone');
    work.reject(new Error('later'));
    await turn();
    expect(unheard).toEqual([]);
  });

  it('may fail later, where the signal aborted meanwhile', async () => {
    const work = Promise.withResolvers<never>();
    const over = new AbortController();
    const waiting = unlessAborted(work.promise, over.signal);
    over.abort(new Error('gone'));
    await expect(waiting).rejects.toThrow('gone');
    work.reject(new Error('later'));
    await turn();
    expect(unheard).toEqual([]);
  });

  it('may fail later, where its time was over', async () => {
    const work = Promise.withResolvers<never>();
    await expect(within(work.promise, 1, () => new Error('late'))).rejects.toThrow('late');
    work.reject(new Error('later'));
    await turn();
    expect(unheard).toEqual([]);
  });
});
