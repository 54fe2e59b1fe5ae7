import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  AcquireTimeoutError,
  InvalidInputError,
  LeaseDeniedError,
  LeaseLostError,
  WORKER_ERRORS,
  WorkerError,
} from './errors.ts';
import type { WorkerErrorCode } from './errors.ts';

const codes = Object.keys(WORKER_ERRORS) as WorkerErrorCode[];
const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');

describe('the table of errors', () => {
  it.each(codes)('%s has a kind, says when it comes and what to do, and is in the README', (code) => {
    const { kind, when, whatToDo } = WORKER_ERRORS[code];
    expect(['terminal', 'retryable', 'paused']).toContain(kind);
    expect(when).toMatch(/^[A-Z].*\.$/);
    expect(whatToDo).toMatch(/^[A-Z].*\.$/);
    const error = new WorkerError(code, 'detail');
    expect(error).toMatchObject({ code, kind, name: 'WorkerError' });
    expect(error.message).toContain(code);
    expect(error.message).toContain('detail');
    expect(readme).toMatch(new RegExp(`\\| \`${code}\` +\\| ${kind} +\\|`));
  });

  it('is what the typed errors come from', () => {
    const denial = {
      reason: 'held',
      state: 'held',
      holder: null,
      token: null,
      since: null,
      nextAction: 'wait',
      retryAfterMs: 1,
    } as const;
    const typed: [WorkerError, WorkerErrorCode][] = [
      [new InvalidInputError('f', 1, 'a text'), 'invalid-input'],
      [new LeaseDeniedError('p', denial), 'lease-busy'],
      [new LeaseDeniedError('p', { ...denial, retryAfterMs: 0 }), 'lease-denied'],
      [new AcquireTimeoutError('p', 5), 'acquire-timeout'],
      [new LeaseLostError('p', 1, 'quarantined', 'd'), 'lease-lost'],
    ];
    for (const [error, code] of typed) {
      expect(error).toBeInstanceOf(WorkerError);
      expect(error).toMatchObject({ code, kind: WORKER_ERRORS[code].kind });
    }
  });

  it('does not put long values into messages', () => {
    expect(new InvalidInputError('f', 'x'.repeat(10_000), 'short').message.length).toBeLessThan(300);
  });
});
