import { Fence } from '@profile-warden/fence';
import { SchemaRegistryClient, WriterSchemas, deployTopic, readPartition } from '@profile-warden/kafka';
import { freshTopicName, parts } from '@profile-warden/testkit/parts';
import { expect, it } from 'vitest';
import { accountDatabase } from './account-database.fixture.ts';
import { openRefusalLog } from './refusal-log.ts';
import { accountServer } from './server.ts';

it('a stopped posting is in the log, once, with the token and the target', async () => {
  await using database = await accountDatabase();
  const { brokers, registryUrl } = parts();
  const place = { topic: freshTopicName(), partitionCount: 1 };
  const connection = { brokers, clientId: 'spec' };
  const { schemaIds } = await deployTopic({ connection, registryUrl, ...place });
  const refusals = await openRefusalLog({ brokers, registryUrl, ...place, source: 'account-writer-spec' });
  const fence = new Fence({ target: 'accounts', reportRefusal: refusals.report, attemptCountMax: 1 });
  const server = accountServer({ pool: database.pool, fence });
  await database.lease('p', 4);
  for (const token of [4, 3, 3, 5])
    await server.inject({ method: 'POST', url: '/accounts/p/postings', payload: { token, amount: 1 } });
  await fence.settled();
  const registry = new SchemaRegistryClient({ url: registryUrl });
  const events: unknown[] = [];
  await readPartition({
    connection,
    ...place,
    partition: 0,
    schemas: new WriterSchemas(schemaIds, registry),
    onRecord: (record) => events.push([record.profileId, record.event]),
  });
  expect(events).toEqual([
    ['p', { type: 'WriteRefused', presentedToken: 3, knownToken: 4, target: 'accounts', sqlState: 'WD001' }],
  ]);
  registry.close();
  await server.close();
  await refusals.close();
});
