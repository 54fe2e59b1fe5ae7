import { describe, expect, it } from 'vitest';
import { checkLogOptions, tokenSource } from './log-options.ts';
import type { LogOptions } from './log-options.ts';

const where = { brokers: ['localhost:9092'], registryUrl: 'http://localhost:8081' };
const check = (options: Partial<LogOptions>) => checkLogOptions({ ...where, ...options }, 'w');
const authenticationProvider = () => ({ authenticate: () => Promise.resolve() });

describe('where the log is', () => {
  it('has defaults for all but brokers and registry', () => {
    expect(check({})).toEqual({
      connection: { brokers: ['localhost:9092'], clientId: 'w' },
      registryUrl: 'http://localhost:8081',
      topic: 'profile-leases.v1',
      partitionCount: 6,
      startTimeoutMs: 60_000,
    });
  });

  it.each<[string, Partial<LogOptions>]>([
    ['brokers', { brokers: [] }],
    ['registryUrl', { registryUrl: '' }],
    ['topic', { topic: 'x'.repeat(250) }],
    ['partitionCount', { partitionCount: 0 }],
    ['startTimeoutMs', { startTimeoutMs: 600_001 }],
    ['startTimeoutMs', { startTimeoutMs: -1 }],
    ['ssl', { ssl: { checkServerIdentity: () => undefined } }],
    ['sasl', { sasl: { mechanism: 'own', authenticationProvider } }],
  ])(
    'is refused by name where %s is out of bounds or cannot reach the thread that uses it',
    (field, options) => {
      expect(() => check(options)).toThrow(expect.objectContaining({ code: 'invalid-input', field }));
    },
  );

  it('may ask the caller for tokens', async () => {
    const oauthBearerProvider = () => Promise.resolve({ value: 't1' });
    const { sasl } = check({ sasl: { mechanism: 'oauthbearer', oauthBearerProvider } }).connection;
    expect(await tokenSource(sasl)?.()).toEqual({ value: 't1' });
    expect(tokenSource({ mechanism: 'plain', username: 'u', password: 'p' })).toBeNull();
  });
});
