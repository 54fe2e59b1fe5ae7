import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readSecurity } from './security.ts';

const dir = mkdtempSync(join(tmpdir(), 'security-'));
const fileOf = (name: string, text: string): string => {
  const path = join(dir, name);
  writeFileSync(path, text);
  return path;
};
const CERT = fileOf('cert.pem', 'no certificate');
const KEY = fileOf('key.pem', 'no key');
const PASSWORD = fileOf('password', 's3cret\n');
const EMPTY = fileOf('empty', '\n');

describe('how brokers are reached', () => {
  it('is neither encrypted nor logged in where nothing is said, or only empty words', () => {
    const nothing = { security: {}, problems: [] };
    expect(readSecurity({})).toEqual(nothing);
    expect(readSecurity({ WARDEN_KAFKA_TLS: '', WARDEN_KAFKA_SASL: '', WARDEN_KAFKA_PASSWORD: '' })).toEqual(
      nothing,
    );
    expect(readSecurity({ WARDEN_KAFKA_TLS: 'off' })).toEqual(nothing);
  });

  it('is by TLS', () => {
    expect(readSecurity({ WARDEN_KAFKA_TLS: 'on' })).toEqual({ security: { ssl: true }, problems: [] });
  });

  it('is refused where what the files hold is no certificate', () => {
    const files = { WARDEN_KAFKA_CERT_FILE: CERT, WARDEN_KAFKA_KEY_FILE: KEY };
    expect(readSecurity({ WARDEN_KAFKA_TLS: 'on', ...files }).problems).toEqual([
      expect.stringMatching(
        /^WARDEN_KAFKA_CERT_FILE and WARDEN_KAFKA_KEY_FILE must be a certificate and its key, PEM: .*no start line/,
      ),
    ]);
  });

  it.each(['plain', 'scram-sha-256', 'scram-sha-512'])('is with a login by %s', (mechanism) => {
    const login = { WARDEN_KAFKA_SASL: mechanism.toUpperCase(), WARDEN_KAFKA_USERNAME: 'warden' };
    const sasl = { mechanism, username: 'warden', password: 's3cret' };
    const expected = { security: { sasl }, problems: [] };
    expect(readSecurity({ ...login, WARDEN_KAFKA_PASSWORD_FILE: PASSWORD })).toEqual(expected);
    expect(readSecurity({ ...login, WARDEN_KAFKA_PASSWORD: 's3cret' })).toEqual(expected);
  });

  it.each([
    [{ WARDEN_KAFKA_TLS: 'yes' }, ['WARDEN_KAFKA_TLS is "yes": it must be on or off']],
    [
      { WARDEN_KAFKA_CERT_FILE: CERT, WARDEN_KAFKA_KEY_FILE: KEY },
      ['WARDEN_KAFKA_CERT_FILE and WARDEN_KAFKA_KEY_FILE need WARDEN_KAFKA_TLS=on'],
    ],
    [
      { WARDEN_KAFKA_TLS: 'on', WARDEN_KAFKA_KEY_FILE: KEY },
      ['WARDEN_KAFKA_CERT_FILE and WARDEN_KAFKA_KEY_FILE belong together: only WARDEN_KAFKA_KEY_FILE is set'],
    ],
    [
      { WARDEN_KAFKA_TLS: 'on', WARDEN_KAFKA_CERT_FILE: CERT, WARDEN_KAFKA_KEY_FILE: '/none' },
      ['WARDEN_KAFKA_KEY_FILE is "/none", which cannot be read: ENOENT'],
    ],
    [
      { WARDEN_KAFKA_USERNAME: 'warden', WARDEN_KAFKA_PASSWORD: 's3cret' },
      [
        'WARDEN_KAFKA_USERNAME and WARDEN_KAFKA_PASSWORD need WARDEN_KAFKA_SASL: plain, scram-sha-256, scram-sha-512',
      ],
    ],
    [
      { WARDEN_KAFKA_SASL: 'gssapi', WARDEN_KAFKA_USERNAME: 'warden', WARDEN_KAFKA_PASSWORD: 's3cret' },
      ['WARDEN_KAFKA_SASL is "gssapi": it must be one of plain, scram-sha-256, scram-sha-512'],
    ],
    [
      { WARDEN_KAFKA_SASL: 'plain' },
      [
        'WARDEN_KAFKA_USERNAME is not set: WARDEN_KAFKA_SASL needs it',
        'WARDEN_KAFKA_PASSWORD_FILE is not set: WARDEN_KAFKA_SASL needs it',
      ],
    ],
    [
      {
        WARDEN_KAFKA_SASL: 'plain',
        WARDEN_KAFKA_USERNAME: 'warden',
        WARDEN_KAFKA_PASSWORD: 's3cret',
        WARDEN_KAFKA_PASSWORD_FILE: PASSWORD,
      },
      ['WARDEN_KAFKA_PASSWORD and WARDEN_KAFKA_PASSWORD_FILE are both set: only one may be'],
    ],
    [
      {
        WARDEN_KAFKA_SASL: 'plain',
        WARDEN_KAFKA_USERNAME: 'warden',
        WARDEN_KAFKA_PASSWORD_FILE: EMPTY,
      },
      ['WARDEN_KAFKA_PASSWORD_FILE names an empty file'],
    ],
  ])('is refused where it is wrong: %j', (env, problems) => {
    const read = readSecurity(env);
    expect(read.problems).toEqual(problems);
    expect(JSON.stringify(read.problems)).not.toContain('s3cret');
  });
});
