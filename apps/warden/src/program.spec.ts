import { describe, expect, it } from 'vitest';
import { run } from './program.ts';

const ran = async (...args: string[]): Promise<{ code: number; out: string; err: string }> => {
  const out: string[] = [];
  const err: string[] = [];
  const code = await run(args, { env: {}, out: (line) => out.push(line), err: (line) => err.push(line) });
  return { code, out: out.join('\n'), err: err.join('\n') };
};

const RESOLVE = ['review', 'resolve', '--token', '1', '--round', '1', '--outcome', 'retired', '--note', 'x'];

describe('the command line', () => {
  it.each([
    ['profile'],
    ['profile show'],
    ['profile register'],
    ['profile quarantine'],
    ['timeline'],
    ['reviews'],
    ['review resolve'],
    ['host attest-dead'],
    ['host drain'],
    ['fence retire'],
    ['audit'],
    ['projection verify'],
    ['projection rebuild'],
  ])('explains %s', async (command) => {
    const { code, out } = await ran(...command.split(' '), '--help');
    expect(code).toBe(0);
    expect(out).toContain('--brokers');
    expect(out).toContain('WARDEN_DATABASE_URL');
  });

  it('lists the exit codes', async () => {
    expect((await ran('--help')).out).toContain('0 done; 1 failed');
  });

  it.each([
    [['profile', ''], 'profile-id-empty'],
    [['timeline', 'x'.repeat(129)], 'profile-id-too-long'],
    [['profile', 'a\ufffd'], 'profile-id-not-utf8'],
    [['profile', 'quarantine', 'p', '--token', '0', '--reason', 'x'], 'token-out-of-range'],
    [['profile', 'quarantine', 'p', '--token', '-1', '--reason', 'x'], 'token-out-of-range'],
    [['profile', 'quarantine', 'p', '--token', '9007199254740992', '--reason', 'x'], 'token-out-of-range'],
    [['profile', 'quarantine', 'p', '--token', 'seven', '--reason', 'x'], 'token-out-of-range'],
    [['profile', 'quarantine', 'p', '--token', '1', '--reason', ''], 'empty-text'],
    [['host', 'attest-dead', 'h', '--reason', ' '], 'empty-text'],
    [['fence', 'retire', 'old', '--reason', ''], 'empty-text'],
    [
      ['fence', 'retire', 'old', '--reason', 'x', '--brokers', 'a:1', '--registry-url', 'http://127.0.0.1:1'],
      'not-configured',
    ],
    [[...RESOLVE, 'p', '--outcome', 'gone'], 'unknown-outcome'],
    [[...RESOLVE, 'p', '--note', ''], 'empty-text'],
    [[...RESOLVE, 'p', '--verdict', 'a=b'], 'bad-verdict'],
    [['profile', 'p'], 'not-configured'],
    [['profile', 'p', '--brokers', 'nowhere'], 'bad-brokers'],
    [['profile', 'p', '--brokers', 'a:1', '--registry-url', 'x'], 'bad-registry-url'],
    [['reviews', '--database-url', 'mysql://x'], 'bad-database-url'],
    [['projection', 'verify', '--brokers', 'a:1', '--registry-url', 'http://127.0.0.1:1'], 'not-configured'],
    [['projection', 'rebuild', '--brokers', 'a:1', '--registry-url', 'http://127.0.0.1:1'], 'not-configured'],
    [
      ['profile', 'p', '--brokers', 'a:1', '--registry-url', 'http://127.0.0.1:1', '--partitions', '0'],
      'number-out-of-range',
    ],
    [
      [
        'host',
        'drain',
        'h',
        '--reason',
        'x',
        '--operator',
        '',
        '--brokers',
        'a:1',
        '--registry-url',
        'http://127.0.0.1:1',
      ],
      'empty-text',
    ],
  ])('%j ends with 2 and %s, before anything is opened', async (args, failure) => {
    const { code, err } = await ran(...args);
    expect(err).toMatch(new RegExp(`^${failure}: `));
    expect(code).toBe(2);
  });

  it.each([
    [['bogus']],
    [['profile', 'quarantine', 'p']],
    [['review', 'resolve', 'p', '--round', '1']],
    [['review']],
  ])('%j ends with 2', async (args) => {
    expect((await ran(...args)).code).toBe(2);
  });

  it('takes an id that begins with a dash behind --, as the printed command has it', async () => {
    expect((await ran(...RESOLVE, '--', '-p')).err).toMatch(/^not-configured/);
  });

  it('says errors in JSON too where JSON is asked for', async () => {
    const { out } = await ran('profile', '', '--json');
    expect(JSON.parse(out)).toMatchObject({ error: { code: 'profile-id-empty' } });
    expect(JSON.parse((await ran('bogus', '--json')).out)).toMatchObject({ error: { code: 'usage' } });
  });

  it('prints no control character of what it was given', async () => {
    expect((await ran('bo\u001bgus')).err).toContain(String.raw`\u001b`);
  });
});
