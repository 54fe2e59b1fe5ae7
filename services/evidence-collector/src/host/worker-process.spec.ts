import { describe, expect, it } from 'vitest';
import { judgeWorker } from './worker-process.ts';

describe('the entry of a worker', () => {
  it('that may not be read leaves the worker open', () => {
    const worker = { pid: 42, processStart: 99887, pidNamespace: 'pid:[1]' };
    expect(judgeWorker(worker, 'hidden', null).value).toBe('unknown');
    expect(judgeWorker(worker, 'absent', null).value).toBe('no');
    expect(judgeWorker(worker, 'absent', 'the worker did not name its pid namespace').value).toBe('unknown');
  });
});
