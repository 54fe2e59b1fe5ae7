import { expect, it } from 'vitest';
import { LineHost } from './line-host.ts';
import type { LineWord } from './line-messages.ts';
import type { LineUser, WorkerLine } from './worker-line.ts';

it('tells of a thousand leases in messages of a hundred, in their order', async () => {
  const users: LineUser[] = [];
  const line = {
    partitionOf: () => 0,
    epochOf: () => -1,
    listen: (user: LineUser) => Promise.resolve(void users.push(user)),
  } as unknown as WorkerLine;
  const words: LineWord[] = [];
  const host = new LineHost(line, (word) => words.push(word));
  const numbers = Array.from({ length: 1_000 }, (_, index) => index);
  for (const user of numbers) host.take({ do: 'listen', call: user, user, profileId: `p${user}` });
  for (const user of users) {
    void user.askBrowser();
    user.beatHeard({ monotonicMs: 1, wallMs: 1 });
  }
  await Promise.resolve();
  const asked = words.flatMap((word) => (word.say === 'ask' ? [word.users] : []));
  const heard = words.flatMap((word) => (word.say === 'heard' ? [word.heard.map(({ user }) => user)] : []));
  for (const told of [asked, heard]) {
    expect(told.flat()).toEqual(numbers);
    expect(told.map(({ length }) => length)).toEqual(Array.from({ length: 10 }, () => 100));
  }
});
