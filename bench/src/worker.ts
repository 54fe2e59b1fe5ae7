import { startServices, startStack } from '@profile-warden/devstack';
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { benchOptions, say } from './bench-options.ts';
import { rounded } from './figures.ts';
import type { HoldOrders, HoldUse } from './worker/hold-messages.ts';

const HELP = `npm run bench:worker -- [--json] [--leases N] [--heartbeatMs N] [--seconds N]

What a worker process uses that holds many leases and does nothing else: share of a core, and memory beyond that of the
same process with one lease. Heartbeats ask a browser each, are granted by the real authority and read back from a real
broker.

  --leases N        leases in the process, 1 to 5000 (default 1000)
  --heartbeatMs N   time between two heartbeats of a lease (default 5000)
  --seconds N       how long to look, 5 to 600 (default 30)
  --json            the last line is one JSON object
`;

const { json, leases, heartbeatMs, seconds } = benchOptions(HELP, {
  leases: 1_000,
  heartbeatMs: 5_000,
  seconds: 30,
});
const HOLDER = fileURLToPath(new URL('./worker/hold.ts', import.meta.url));

const useOf = (orders: HoldOrders): Promise<HoldUse> => {
  const child = fork(HOLDER, [JSON.stringify(orders)], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  return new Promise((resolve, reject) => {
    child.once('message', (use) => resolve(use as HoldUse));
    child.once('exit', (code) => reject(new Error(`the worker with ${orders.leases} leases ended: ${code}`)));
  });
};

await using stack = await startStack({ kind: 'embedded', onProgress: say });
await using services = await startServices(stack, {
  names: ['lease-authority', 'stale-detector'],
  policy: { heartbeatEveryMs: heartbeatMs },
  onProgress: say,
});
const { brokers, registryUrl } = stack;
const orders = { brokers: [...brokers], registryUrl, heartbeatMs, watchMs: seconds * 1_000 };
const one = await useOf({ ...orders, leases: 1 });
say(`1 lease: ${rounded(one.corePercent)} % of a core, ${rounded(one.rssMb, 1)} MB`);
const many = await useOf({ ...orders, leases });
say(`${leases} leases: ${rounded(many.corePercent)} % of a core, ${rounded(many.rssMb, 1)} MB`);
await services.stop();
await stack.stop();

const result = {
  leases,
  heartbeatMs,
  corePercent: rounded(many.corePercent),
  extraMb: rounded(many.rssMb - one.rssMb, 1),
  one: { corePercent: rounded(one.corePercent), rssMb: rounded(one.rssMb, 1) },
  activeCount: many.activeCount,
  watchMs: orders.watchMs,
};
if (json) process.stdout.write(`${JSON.stringify(result)}\n`);
