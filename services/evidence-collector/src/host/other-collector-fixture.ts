import { linkOf } from '@profile-warden/browser-host';
import { setTimeout as wait } from 'node:timers/promises';
import { lookAtHost, type HostRequest } from './index.ts';

// A collector that is somebody else or lives somewhere else than the test: it looks once, tells and ends.

const [, , text = '', worker] = process.argv;
const request = JSON.parse(text) as Omit<HostRequest, 'now' | 'sleep'>;
const ours = { ...request.worker, pidNamespace: linkOf('self', 'ns/pid') ?? '' };
const found = await lookAtHost(
  {
    ...request,
    worker: worker === 'lives-with-us' ? ours : request.worker,
    now: () => 1,
    sleep: async (ms) => {
      await wait(ms);
    },
  },
  AbortSignal.timeout(60_000),
);
process.stdout.write(JSON.stringify(found));
