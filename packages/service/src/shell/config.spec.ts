import { DEFAULT_POLICY } from '@profile-warden/domain';
import { describe, expect, it } from 'vitest';
import { ConfigError, readConfig } from './config.ts';

const ENOUGH = { WARDEN_BROKERS: 'k1:9092, k2:9092', WARDEN_REGISTRY_URL: 'http://registry:8080/apis' };

const problemsOf = (env: Readonly<Record<string, string | undefined>>): string[] => {
  try {
    readConfig(env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const [first, ...problems] = error.message.split('\n');
    expect(first).toBe('the configuration cannot be used:');
    return problems.map((problem) => problem.replace(/^ {2}- /, ''));
  }
  return [];
};

describe('a configuration', () => {
  it('needs brokers and a registry, and knows everything else by default', () => {
    expect(readConfig(ENOUGH)).toMatchObject({
      brokers: ['k1:9092', 'k2:9092'],
      security: {},
      registryUrl: 'http://registry:8080/apis',
      topic: 'profile-leases.v1',
      partitionCount: 6,
      production: false,
      cluster: 'dev',
      scope: 'any',
      screenshotOrigins: [],
      databaseUrl: null,
      trustsEmptiedLog: false,
      fenceTargets: [],
      policy: DEFAULT_POLICY,
      httpPort: 0,
      httpHost: '127.0.0.1',
      sessionMs: 10_000,
      stallMs: 60_000,
      schemaFile: null,
      fetchBytes: 524_288,
    });
  });

  it('takes web servers of screenshots by their origin, and nothing that says more', () => {
    const WARDEN_SCREENSHOT_ORIGINS = 'https://shots.example, http://10.0.0.7:9000';
    expect(readConfig({ ...ENOUGH, WARDEN_SCREENSHOT_ORIGINS }).screenshotOrigins).toEqual([
      'https://shots.example',
      'http://10.0.0.7:9000',
    ]);
    for (const refused of [
      'https://shots.example/',
      'https://u:p@shots.example',
      'file:///',
      'shots.example',
    ])
      expect(problemsOf({ ...ENOUGH, WARDEN_SCREENSHOT_ORIGINS: refused })).toEqual([
        expect.stringContaining('WARDEN_SCREENSHOT_ORIGINS'),
      ]);
  });

  it('takes fence targets by name and url, and puts their names into the policy', () => {
    const { fenceTargets, policy } = readConfig({
      ...ENOUGH,
      WARDEN_FENCE_TARGETS: 'accounts=postgres://a/x?b=c , orders=postgres://o/y',
    });
    expect(fenceTargets).toEqual([
      { name: 'accounts', url: 'postgres://a/x?b=c' },
      { name: 'orders', url: 'postgres://o/y' },
    ]);
    expect(policy.fenceTargets).toEqual(['accounts', 'orders']);
  });

  it('refuses fence targets whose name or url cannot be one, without showing the url', () => {
    const WARDEN_FENCE_TARGETS = 'a b=postgres://a/x,orders=mysql://u:secret@o/y,accounts=postgres://a/x';
    expect(problemsOf({ ...ENOUGH, WARDEN_FENCE_TARGETS })).toEqual([
      'WARDEN_FENCE_TARGETS, entry 1: the name "a b" must be letters, digits, ., _ and -, 64 at most',
      'WARDEN_FENCE_TARGETS names orders with a URL that does not begin with postgres://',
    ]);
  });

  it('changes the policy field by field, mass silence too', () => {
    const WARDEN_POLICY = JSON.stringify({ settleMs: 40_000, massSilence: { minLeases: 3 } });
    expect(readConfig({ ...ENOUGH, WARDEN_POLICY }).policy).toEqual({
      ...DEFAULT_POLICY,
      settleMs: 40_000,
      massSilence: { ...DEFAULT_POLICY.massSilence, minLeases: 3 },
    });
  });

  it('names everything that is wrong at once: the variable, its value and what to do', () => {
    const problems = problemsOf({
      WARDEN_BROKERS: 'k1',
      WARDEN_PARTITIONS: 'six',
      WARDEN_SCOPE: 'everywhere',
      WARDEN_FENCE_TARGETS: 'accounts,orders=postgres://o/y,orders=postgres://o/z',
      WARDEN_POLICY: JSON.stringify({ leaseMs: 1_000, heartbeatEvery: 5 }),
    });
    expect(problems).toEqual([
      expect.stringMatching(/^WARDEN_BROKERS is "k1": each must be host:port/),
      expect.stringMatching(/^WARDEN_REGISTRY_URL is not set/),
      expect.stringMatching(/^WARDEN_PARTITIONS is "six": /),
      expect.stringMatching(/^WARDEN_SCOPE is "everywhere": .*host.*shared.*any/),
      'WARDEN_FENCE_TARGETS, entry 1: each entry must be name=url',
      'WARDEN_FENCE_TARGETS names orders twice',
      'WARDEN_POLICY names heartbeatEvery, which is no policy field',
    ]);
  });

  it('names every inequality of the policy that does not hold', () => {
    const problems = problemsOf({
      ...ENOUGH,
      WARDEN_POLICY: JSON.stringify({ heartbeatEveryMs: 20_000, settleMs: 1, evidenceAttempts: 0 }),
    });
    expect(problems).toEqual([
      expect.stringContaining('evidenceAttempts must be a whole number from 1 to 100, got 0'),
      expect.stringContaining('3 × heartbeatEveryMs ≤ suspectAfterMs'),
      expect.stringContaining('settleMs ≥ killMs'),
    ]);
  });

  it.each([
    ['{', /^WARDEN_POLICY is no JSON: /],
    ['[]', /^WARDEN_POLICY must be a JSON object/],
    ['null', /^WARDEN_POLICY must be a JSON object/],
    ['{"massSilence":5}', /^WARDEN_POLICY has massSilence 5, which must be an object$/],
    ['{"massSilence":{"share":1}}', /^WARDEN_POLICY names massSilence.share, which is no policy field$/],
    ['{"sensitiveSteps":"pay"}', /^WARDEN_POLICY has sensitiveSteps "pay", which must be a list of names$/],
    ['{"registrationRequired":"no"}', /^WARDEN_POLICY has registrationRequired "no"/],
    ['{"overrides":{"vip":{"leaseMsec":1}}}', /^WARDEN_POLICY names overrides.vip.leaseMsec/],
    ['{"overrides":{"vip":{"fenceTargets":[]}}}', /^WARDEN_POLICY names overrides.vip.fenceTargets/],
    ['{"overrides":{"vip":7}}', /^WARDEN_POLICY has overrides.vip, which must be/],
    ['{"leaseMs":"120000"}', /^WARDEN_POLICY has leaseMs "120000", which must be a number$/],
  ])('refuses the policy %s', (WARDEN_POLICY, problem) => {
    expect(problemsOf({ ...ENOUGH, WARDEN_POLICY })).toEqual([expect.stringMatching(problem)]);
  });

  it('never repeats a password', () => {
    const env = {
      WARDEN_BROKERS: 'k1:9092',
      WARDEN_REGISTRY_URL: 'me:secret@registry',
      WARDEN_DATABASE_URL: ':secret@host',
      WARDEN_FENCE_TARGETS: 'postgres://me:secret@host/x',
    };
    const problems = problemsOf(env);
    expect(problems).toHaveLength(2);
    expect(problems.join()).not.toContain('secret');
  });
});
