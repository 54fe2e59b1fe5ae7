import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { parts } from '@profile-warden/testkit/parts';
import { EVENT_TYPES, schemaOf, type AvroSchema } from '@profile-warden/events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deployTopic } from './deployment.ts';
import { freshLog } from './log-fixture.ts';
import { SchemaRegistryClient } from './registry.ts';

const fixture = (name: string): AvroSchema =>
  JSON.parse(
    readFileSync(new URL(`../../events/fixtures/${name}.json`, import.meta.url), 'utf8'),
  ) as AvroSchema;

describe('a real registry', () => {
  let registry: SchemaRegistryClient;
  beforeAll(() => {
    registry = new SchemaRegistryClient({ url: parts().registryUrl, callMsMax: 10_000 });
  });
  afterAll(() => registry.close());

  it('gives the same ids for a second deployment, and knows each schema by its id', async () => {
    const log = await freshLog();
    const again = await deployTopic({ ...log, registryUrl: parts().registryUrl });
    expect(again.created).toBe(false);
    expect([...again.schemaIds]).toEqual([...log.schemaIds]);
    expect([...(await registry.schemaIds())]).toEqual([...log.schemaIds]);
    expect(log.schemaIds.size).toBe(EVENT_TYPES.length);
    const schema = await registry.schemaById(log.schemaIds.get('LeaseGranted') ?? -1);
    expect(schema.fields.map(({ name }) => name)).toEqual(
      schemaOf('LeaseGranted').fields.map(({ name }) => name),
    );
  });

  it('sets a subject up once when several deploy steps do it at the same time', async () => {
    const subject = `spec.${randomBytes(6).toString('hex')}.Heartbeat`;
    const several = Array.from({ length: 4 }, () => new SchemaRegistryClient({ url: parts().registryUrl }));
    const ids = await Promise.all(several.map((one) => one.register(subject, schemaOf('Heartbeat'))));
    for (const one of several) one.close();
    expect(new Set(ids).size).toBe(1);
  });

  it('accepts a successor that both sides can read and refuses the three that would break one', async () => {
    const subject = `spec.${randomBytes(6).toString('hex')}.Heartbeat`;
    const first = await registry.register(subject, schemaOf('Heartbeat'));
    for (const name of ['heartbeat-required-field', 'heartbeat-changed-type', 'heartbeat-renamed-field'])
      await expect(registry.register(subject, fixture(name))).rejects.toMatchObject({
        code: 'schema-incompatible',
      });
    expect(await registry.register(subject, fixture('heartbeat-successor'))).not.toBe(first);
    expect(await registry.register(subject, schemaOf('Heartbeat'))).toBe(first);
  });

  it('refuses a subject that is held to less', async () => {
    const subject = `spec.${randomBytes(6).toString('hex')}.Heartbeat`;
    await registry.register(subject, schemaOf('Heartbeat'));
    const answer = await fetch(`${parts().registryUrl}/config/${subject}`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ compatibility: 'BACKWARD' }),
    });
    expect(answer.ok).toBe(true);
    await expect(registry.register(subject, schemaOf('Heartbeat'))).rejects.toMatchObject({
      code: 'registry-compatibility',
    });
  });

  it('says that the deploy step is missing for an id that nobody registered', async () => {
    await expect(registry.schemaById(987_654_321)).rejects.toMatchObject({
      code: 'schema-missing',
      isTransient: false,
    });
  });
});
