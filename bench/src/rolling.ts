import { startServices, startStack, type Services } from '@profile-warden/devstack';
import { setTimeout as delay } from 'node:timers/promises';
import { benchOptions, say } from './bench-options.ts';
import { auditLog } from './failover/log-audit.ts';
import { SteadyLoad } from './failover/steady-load.ts';

const HELP = `npm run bench:rolling -- [--json] [--seconds N]

Three lease-authorities on six partitions under 200 requests a second, of which one after the other is told to stop and
started again, over and over: every request must be answered exactly once and no token granted twice, as the log shows.

  --seconds N   how long, 20 to 3600 (default 120)
  --json        the last line is one JSON object
`;

const { json, seconds } = benchOptions(HELP, { seconds: 120 });
const PARTITIONS = 6;
/** Six requests each time. */
const ASK_EVERY_MS = 30;
const BETWEEN_MS = 3_000;
/** After the end what was asked last may still be answered. */
const LAST_ANSWERS_MS = 5_000;
const TOPIC = 'profile-leases.v1';

await using stack = await startStack({ onProgress: say });
const start = (label: string, deploy: boolean): Promise<Services> =>
  startServices(stack, {
    names: ['lease-authority'],
    topic: TOPIC,
    label,
    deploy,
    env: { WARDEN_FENCE_TARGETS: '' },
  });
await using one = await start('one', true);
await using two = await start('two', false);
await using three = await start('three', false);

const { brokers, registryUrl } = stack;
const target = { brokers, registryUrl, topic: TOPIC, partitionCount: PARTITIONS };
const load = new SteadyLoad(target, ASK_EVERY_MS);
await load.start();
await delay(BETWEEN_MS);
load.begin();
const until = performance.now() + seconds * 1_000;
let restarts = 0;
while (performance.now() < until)
  for (const authorities of [one, two, three]) {
    await authorities.of('lease-authority').restart();
    restarts += 1;
    await delay(BETWEEN_MS);
  }
const longestGapMs = load.longestGapMs();
await load.stop(LAST_ANSWERS_MS);
const audit = await auditLog(target);
say(`${restarts} restarts, ${audit.requestCount} requests, at most ${longestGapMs} ms without an answer`);
const result = {
  seconds,
  restarts,
  requests: audit.requestCount,
  wrongAnswers: audit.wrongAnswerCount,
  doubleGrants: audit.doubleGrantCount,
  staleDecisions: audit.staleDecisionCount,
  longestGapMs,
};
await stack.stop();
if (json) process.stdout.write(`${JSON.stringify(result)}\n`);
