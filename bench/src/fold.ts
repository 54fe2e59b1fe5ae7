import { startServices, startStack } from '@profile-warden/devstack';
import { parseArgs } from 'node:util';
import { rounded } from './figures.ts';
import { appendFleet } from './fleet.ts';
import { measureDetector } from './detector-rate.ts';
import { measureRaw } from './raw-rate.ts';

const HELP = `npm run bench:fold -- [--json] [--profiles N] [--heartbeats N]

Heartbeats of a held fleet folded per second by the real stale-detector, from its first partition to the last one
restored, beside raw kafkajs consumption of the same topic in the same run. Figures of one run are only to be compared
with each other.

  --profiles N     leases held, 10 to 100000 (default 10000)
  --heartbeats N   heartbeats in the topic, 10000 to 50000000 (default 1000000)
  --json           the last line is one JSON object
`;

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    profiles: { type: 'string', default: '10000' },
    heartbeats: { type: 'string', default: '1000000' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  process.stdout.write(HELP);
  process.exit(0);
}

const ROUNDS = 3;
const TOPIC = 'profile-leases.v1';
const say = (line: string): void => {
  process.stderr.write(`${line}\n`);
};
const profiles = Number(values.profiles);

await using stack = await startStack({ onProgress: say });
const target = { brokers: stack.brokers, registryUrl: stack.registryUrl, topic: TOPIC, partitionCount: 6 };
{
  await using _authority = await startServices(stack, {
    names: ['lease-authority'],
    topic: TOPIC,
    env: { WARDEN_FENCE_TARGETS: '' },
    onProgress: say,
  });
  await appendFleet(target, profiles, Number(values.heartbeats), say);
}

const rates = { fold: 0, raw: 0 };
for (let round = 1; round <= ROUNDS; round += 1) {
  const raw = await measureRaw(target, `raw-${round}`);
  const fold = await measureDetector(stack, TOPIC, `fold-${round}`);
  say(`round ${round}: the detector folds ${Math.round(fold)}/s, raw kafkajs reads ${Math.round(raw)}/s`);
  rates.fold += fold / ROUNDS;
  rates.raw += raw / ROUNDS;
}
await stack.stop();
const result = {
  perSecond: Math.round(rates.fold),
  rawPerSecond: Math.round(rates.raw),
  ratio: rounded(rates.fold / rates.raw),
  profiles,
};
if (values.json) process.stdout.write(`${JSON.stringify(result)}\n`);
