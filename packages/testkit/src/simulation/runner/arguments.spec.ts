import { describe, expect, it } from 'vitest';
import { parseArguments } from './arguments.ts';

const parse = (text: string) => parseArguments(text === '' ? [] : text.split(' '));

describe('the arguments of the simulation', () => {
  it('name a range of seeds, one seed, or a part of one', () => {
    expect(parse('')).toMatchObject({ first: 1, count: 200, tells: false, only: null, untilMs: null });
    expect(parse('--seeds 20000 --seed 7 --json')).toMatchObject({ first: 7, count: 20_000, json: true });
    expect(parse('--seed 7')).toMatchObject({ first: 7, count: 1, tells: true });
    expect(parse('--seed 7 --only f3,p21034,n* --until 21000')).toMatchObject({
      only: ['f3', 'p21034', 'n*'],
      untilMs: 21_000,
    });
    expect(parse('--seed 7 --only none')).toMatchObject({ only: [] });
    expect(parse('--help')).toBeNull();
  });

  it.each([
    ['--seeds x', '--seeds must be a whole number from 1 to 10000000, not "x"'],
    ['--seeds 0', '--seeds must be a whole number'],
    ['--seed -1', "'--seed"],
    ['--threads 65', '--threads must be a whole number from 1 to 64, not "65"'],
    ['--seeds 10 --only f1', '--only and --until speak of one run'],
    ['--seed 3 --only fence', '"fence" is no name of a fault; they read f3'],
    ['--fast', "Unknown option '--fast'"],
  ])('are refused where they make no sense: %s', (text, message) => {
    expect(() => parse(text)).toThrow(message);
  });
});
