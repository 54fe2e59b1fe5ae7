import { expect, it } from 'vitest';
import { appendRefusals } from './index.ts';

it('appends the record that the log knows', async () => {
  const appended: unknown[] = [];
  const report = appendRefusals(
    (events) => Promise.resolve(void appended.push(...events)),
    () => '7',
  );
  await report({ profileId: 'p', presentedToken: 3, knownToken: null, target: 'main', sqlState: 'WD001' });
  expect(appended).toEqual([
    {
      id: 'WriteRefused/7',
      profileId: 'p',
      event: { type: 'WriteRefused', presentedToken: 3, knownToken: null, target: 'main', sqlState: 'WD001' },
    },
  ]);
});
