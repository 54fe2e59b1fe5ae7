import { randomBytes } from 'node:crypto';
import { createDatabase, createTemplate } from '@profile-warden/devstack';
import { inject } from 'vitest';
import type { ProvidedParts } from './provided.ts';

/** The parts of this test run. Only in `*.int.spec.ts`: other tests run without any. */
export function parts(): ProvidedParts {
  return inject('parts');
}

/** The URL of a new, empty database: each test has its own, and none cleans up after another. */
export function freshDatabase(): Promise<string> {
  return createDatabase(parts().postgresUrl, `test_${randomBytes(6).toString('hex')}`);
}

/**
 * The URL of a new database that `prepare` has filled. It is called once for all tests of a run that ask by the same
 * name; each of them gets a copy of its own.
 */
export async function preparedDatabase(
  name: string,
  prepare: (url: string) => Promise<unknown>,
): Promise<string> {
  const { postgresUrl } = parts();
  const template = `template_${name}`;
  await createTemplate(postgresUrl, template, prepare);
  return createDatabase(postgresUrl, `test_${randomBytes(6).toString('hex')}`, template);
}

/** A topic name that no other test uses. The topic itself is created by the test. */
export function freshTopicName(base = 'profile-leases'): string {
  return `${base}.${randomBytes(6).toString('hex')}`;
}
