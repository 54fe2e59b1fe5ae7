import { lookAtHost, type HostRequest } from '@profile-warden/evidence-collector';
import { setTimeout as wait } from 'node:timers/promises';

// Looks as whoever started it, for a collector that has fewer rights than the browser's user.

const request = JSON.parse(process.argv[2] ?? '') as Omit<HostRequest, 'now' | 'sleep'>;
const sleep = async (ms: number) => {
  await wait(ms);
};
const found = await lookAtHost({ ...request, now: Date.now, sleep }, AbortSignal.timeout(60_000));
process.stdout.write(JSON.stringify(found));
