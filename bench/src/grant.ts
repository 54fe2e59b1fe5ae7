import { startServices, startStack } from '@profile-warden/devstack';
import { parseArgs } from 'node:util';
import { openBareLoop } from './bare-client.ts';
import { latencies, rounded } from './figures.ts';
import { openGrantLoop } from './grant-loop.ts';
import { Load } from './load.ts';

const HELP = `npm run bench:grant -- [--json] [--seconds N] [--requests N]

From a request to its committed grant as a worker sees it, at 50 requests a second and at full load, beside a bare
consume, transaction, consume loop with the same client settings in the same run. Figures of one run are only to be
compared with each other.

  --seconds N    length of the paced part, 1 to 600 (default 20)
  --requests N   requests of the full load, 1000 to 1000000 (default 60000)
  --json         the last line is one JSON object
`;

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    seconds: { type: 'string', default: '20' },
    requests: { type: 'string', default: '60000' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  process.stdout.write(HELP);
  process.exit(0);
}

const PER_SECOND = 50;
const BATCH = 250;
const OUTSTANDING_MAX = 4_000;
const WARM_UP = 5_000;
const ROUNDS = 5;
const SIDES = ['grant', 'bare'] as const;
const TOPIC = 'profile-leases.v1';

let sequence = 0;
const ids = (count: number): string[] => Array.from({ length: count }, () => `bench-${(sequence += 1)}`);
const say = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

await using stack = await startStack({ onProgress: say });
await using _services = await startServices(stack, {
  names: ['lease-authority'],
  topic: TOPIC,
  env: { WARDEN_FENCE_TARGETS: '' },
  onProgress: say,
});
const grants = await openGrantLoop({ ...stack, topic: TOPIC, partitionCount: 6 });
const bare = await openBareLoop(stack.brokers);
const loads = { grant: new Load(grants.loop), bare: new Load(bare.loop) };
await loads.grant.start();
await loads.bare.start();

for (const load of [loads.grant, loads.bare]) await load.full(ids(WARM_UP), BATCH, OUTSTANDING_MAX);

// In turns, so that both meet the same machine.
const samples = { grant: [] as number[], bare: [] as number[] };
const paced = Math.ceil((Number(values.seconds) * PER_SECOND) / ROUNDS);
for (let round = 0; round < ROUNDS; round += 1)
  for (const side of SIDES) samples[side].push(...(await loads[side].paced(ids(paced), PER_SECOND)));
const rates = { grant: 0, bare: 0 };
const full = Math.ceil(Number(values.requests) / ROUNDS);
for (let round = 0; round < ROUNDS; round += 1)
  for (const side of SIDES)
    rates[side] += (await loads[side].full(ids(full), BATCH, OUTSTANDING_MAX)) / ROUNDS;
const granted = latencies(samples.grant);
const answered = latencies(samples.bare);
await grants.close();
await bare.close();

const result = {
  p50Ms: granted.p50Ms,
  p99Ms: granted.p99Ms,
  bareP50Ms: answered.p50Ms,
  bareP99Ms: answered.p99Ms,
  ratio: rounded(granted.p50Ms / answered.p50Ms),
  grantsPerSecond: Math.round(rates.grant),
  bareGrantsPerSecond: Math.round(rates.bare),
};
say(
  `at ${PER_SECOND}/s: median ${result.p50Ms} ms, p99 ${result.p99Ms} ms; bare ${result.bareP50Ms} and ${result.bareP99Ms} ms`,
);
say(`at full load: ${result.grantsPerSecond} grants/s; bare ${result.bareGrantsPerSecond}/s`);
await stack.stop();
if (values.json) process.stdout.write(`${JSON.stringify(result)}\n`);
