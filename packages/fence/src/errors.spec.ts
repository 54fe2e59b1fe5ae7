import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { FENCE_ERRORS, FenceUsageError, refusalOf } from './index.ts';
import type { FenceErrorCode } from './index.ts';
import { databaseError } from './scripted-pool.fixture.ts';

const codes = Object.keys(FENCE_ERRORS) as FenceErrorCode[];
const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');

describe('the table of errors', () => {
  it.each(codes)('%s says when it comes and what to do, and is in the README', (code) => {
    const { when, whatToDo, sqlState } = FENCE_ERRORS[code];
    expect(when).toMatch(/^[A-Z].*\.$/);
    expect(whatToDo).toMatch(/^[A-Z].*\.$/);
    expect(readme).toMatch(
      new RegExp(`\\| \`${code}\` +\\| ${sqlState === null ? '–' : `\`${sqlState}\``} +\\|`),
    );
  });

  it('is where the text of a mistake comes from', () => {
    const { when, whatToDo } = FENCE_ERRORS['bad-token'];
    expect(new FenceUsageError('bad-token', 'got 0').message).toBe(`bad-token: got 0. ${when} ${whatToDo}`);
  });
});

describe('an error of the driver', () => {
  it('is read by its SQLSTATE, with what the detail says', () => {
    const detail = { reason: 'older', profileId: 'p', presentedToken: 1, knownToken: 2 };
    expect(refusalOf(databaseError('WD001', detail))).toMatchObject({
      code: 'WD001',
      kind: 'stop',
      ...detail,
    });
    expect(refusalOf(databaseError('WD004', { profileId: 'p' }))).toMatchObject({
      kind: 'unchecked',
      presentedToken: null,
    });
  });

  it('is a refusal also where a newer install says more than this package knows', () => {
    expect(refusalOf(databaseError('WD002', { reason: 'brand-new', more: 1 }))).toMatchObject({
      kind: 'retry',
      reason: 'brand-new',
    });
    expect(refusalOf(Object.assign(new Error('x'), { code: 'WD001', detail: 'no JSON' }))).toMatchObject({
      kind: 'stop',
      reason: 'unknown',
    });
  });

  it('is left alone where it is about something else', () => {
    for (const error of [databaseError('23505'), new Error('x'), 'x', null, databaseError('WD999')])
      expect(refusalOf(error)).toBeNull();
  });
});
