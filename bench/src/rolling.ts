import { startServices, startStack, type Services } from '@profile-warden/devstack';
import { setTimeout as delay } from 'node:timers/promises';
import { benchOptions, say } from './bench-options.ts';
import { auditLog, isSound } from './failover/log-audit.ts';
import { SteadyLoad } from './failover/steady-load.ts';

const HELP = `npm run bench:rolling -- [--json] [--seconds N]

Three lease-authorities on six partitions under 200 requests a second, of which one after the other is told to stop and
started again, over and over. In the end the log is read with Kafka's own console consumer, a reader that is none of
ours: every request must be answered exactly once, no grant lost and no token granted twice, else this ends with 1.

  --seconds N   how long at least, 20 to 3600 (default 120)
  --json        the last line is one JSON object
`;

const { json, seconds } = benchOptions(HELP, { seconds: 120 });
const PARTITIONS = 6;
/** Six requests each time. */
const ASK_EVERY_MS = 30;
const BETWEEN_MS = 3_000;
/** After the end what was asked last may still be answered. */
const LAST_ANSWERS_MS = 5_000;
const VIOLATIONS_SHOWN = 10;
const TOPIC = 'profile-leases.v1';

// Kafka's own consumer comes with the embedded broker.
await using stack = await startStack({ kind: 'embedded', onProgress: say });
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
const startedAt = performance.now();
const ranMs = (): number => performance.now() - startedAt;
const turns = [one, two, three];
let restarts = 0;
for (; ranMs() < seconds * 1_000; restarts += 1) {
  await turns[restarts % turns.length]?.of('lease-authority').restart();
  await delay(BETWEEN_MS);
}
const loadMs = Math.round(ranMs());
const longestGapMs = load.longestGapMs();
await load.stop(LAST_ANSWERS_MS);
say(`${restarts} restarts, at most ${longestGapMs} ms without an answer; reading the log`);
const audit = await auditLog({ ...target, kafkaLibsDir: stack.kafkaLibsDir }, load.heard);
for (const violation of audit.violations.slice(0, VIOLATIONS_SHOWN)) say(JSON.stringify(violation));
const { violations, ...counts } = audit;
const result = { loadMs, restarts, ...counts, longestGapMs, violations: violations.length };
await stack.stop();
if (json) process.stdout.write(`${JSON.stringify(result)}\n`);
else
  say(
    Object.entries(result)
      .map(([name, value]) => `${name} ${value}`)
      .join(', '),
  );
if (!isSound(audit)) process.exitCode = 1;
