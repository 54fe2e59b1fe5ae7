import { describe, expect, it } from 'vitest';
import { WardenFailure } from './failure.ts';
import {
  directoryOf,
  outcomeOf,
  profileIdOf,
  roundOf,
  textOf,
  tokenOf,
  verdictOf,
  withLabel,
  withVerdict,
} from './input.ts';

const failureOf = (work: () => unknown): WardenFailure => {
  try {
    work();
  } catch (error) {
    if (error instanceof WardenFailure) return error;
    throw error;
  }
  throw new Error('it was taken');
};

describe('a profile id', () => {
  it('is taken with 1 to 128 characters', () => {
    expect(profileIdOf('ü')).toBe('ü');
    expect(profileIdOf('x'.repeat(128))).toHaveLength(128);
  });

  it.each([
    ['', 'profile-id-empty', '1 to 128'],
    ['x'.repeat(129), 'profile-id-too-long', '129 characters'],
    ['a\ud800b', 'profile-id-not-utf8', String.raw`\ud800`],
    ['a\ufffdb', 'profile-id-not-utf8', 'no valid UTF-8'],
    ['a\u001b[2J', 'profile-id-not-utf8', 'control character'],
  ])('%j is refused as %s', (text, code, said) => {
    const failure = failureOf(() => profileIdOf(text));
    expect(failure).toMatchObject({ code, exitCode: 2 });
    expect(failure.message).toContain(said);
  });
});

describe('a number', () => {
  it('is a token from 1 to 2^52 - 1', () => {
    expect(tokenOf('1')).toBe(1);
    expect(tokenOf(String(2 ** 52 - 1))).toBe(2 ** 52 - 1);
  });

  it.each(['0', '-1', '9007199254740992', '4503599627370496', 'abc', '1.5', '', '0x10', '1e3', ' 1', '９'])(
    '%j is no token, and the message names value and bound',
    (text) => {
      const failure = failureOf(() => tokenOf(text));
      expect(failure).toMatchObject({ code: 'token-out-of-range', exitCode: 2 });
      expect(failure.message).toContain(JSON.stringify(text));
      expect(failure.message).toContain('4503599627370495');
    },
  );

  it('is a round from 1 on', () => {
    expect(roundOf('1')).toBe(1);
    expect(failureOf(() => roundOf('0')).code).toBe('round-out-of-range');
  });
});

describe('words', () => {
  it('must say something, within their bound', () => {
    expect(textOf('note', 'seen', 4)).toBe('seen');
    expect(failureOf(() => textOf('note', ' \t', 9)).message).toContain('note is empty');
    expect(failureOf(() => textOf('note', 'longer', 5)).message).toContain('6 characters, at most 5');
    expect(failureOf(() => textOf('note', 'a\ufffd', 5)).code).toBe('text-not-utf8');
  });

  it('name one of the outcomes', () => {
    expect(outcomeOf('retry')).toBe('retry');
    expect(failureOf(() => outcomeOf('gone')).message).toContain('available, resume-pending, retry, retired');
    expect(failureOf(() => outcomeOf('UNKNOWN')).code).toBe('unknown-outcome');
  });

  it('give a verdict on a step, whose id may hold an equals sign', () => {
    expect(verdictOf('a=b=applied')).toEqual({ stepId: 'a=b', verdict: 'applied' });
    for (const bad of ['applied', '=applied', 'a=', 'a=maybe', 'a=UNKNOWN'])
      expect(failureOf(() => verdictOf(bad)).code).toBe('bad-verdict');
  });

  it('give one verdict a step, and 16 at most', () => {
    const one = verdictOf('a=applied');
    expect(failureOf(() => withVerdict([one], verdictOf('a=unknown'))).message).toContain('two verdicts');
    const full = Array.from({ length: 16 }, (_, at) => verdictOf(`s${at}=applied`));
    expect(failureOf(() => withVerdict(full, one)).message).toContain('16');
  });

  it('are labels, 16 at most, and absolute paths', () => {
    const full = Array.from({ length: 16 }, (_, at) => `l${at}`);
    expect(failureOf(() => withLabel(full, 'x')).code).toBe('too-many-labels');
    expect(failureOf(() => directoryOf('profiles/p1')).code).toBe('directory-not-absolute');
    expect(directoryOf('/profiles/p1')).toBe('/profiles/p1');
  });
});
