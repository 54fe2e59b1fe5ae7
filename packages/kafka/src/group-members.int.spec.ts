import { expect, it } from 'vitest';
import { hasGroupMember } from './group-members.ts';
import { eventually, freshLog } from './log-fixture.ts';
import { KafkaLogReader } from './log-reader.ts';

it('a group has a member while somebody reads in it, and is known by how its name begins', async () => {
  const log = await freshLog();
  const has = (ending: string): Promise<boolean> => hasGroupMember(log.connection, `${log.topic}.${ending}`);
  expect(await has('any.')).toBe(false);
  const reader = new KafkaLogReader({
    ...log,
    assignment: { groupId: `${log.topic}.any.host-1` },
    sessionMs: 6_000,
  });
  let isIn = false;
  await reader.start({
    assigned: () => {
      isIn = true;
      return Promise.resolve({ from: 0 });
    },
    revoked: () => undefined,
    records: () => Promise.resolve(),
  });
  await eventually(() => isIn);
  expect(await has('any.')).toBe(true);
  expect(await has('any.host-1')).toBe(true);
  expect(await has('host.')).toBe(false);
  await reader.stop();
  expect(await has('any.')).toBe(false);
});
