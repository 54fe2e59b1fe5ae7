import { createDatabase, startServices, startStack } from '@profile-warden/devstack';
import { setTimeout as delay } from 'node:timers/promises';
import { benchOptions, say } from './bench-options.ts';
import { SESSION_MS, measureHandovers } from './failover/handovers.ts';
import { isSound } from './failover/log-audit.ts';
import { timeRestore } from './failover/restore-time.ts';
import { rounded } from './figures.ts';
import { appendFleet } from './fleet.ts';
import { measureRaw } from './raw-rate.ts';

const HELP = `npm run bench:failover -- [--json] [--profiles N] [--heartbeats N]

How long a partition answers nobody when its authority is told to stop, is killed, and is stopped dead and woken again;
and how long a service takes to restore, from the log alone and from the snapshot of the read model, beside raw kafkajs
consumption of the same topic in the same run.

  --profiles N     leases held in the restored topic, 10 to 100000 (default 10000)
  --heartbeats N   heartbeats in it, 10000 to 50000000 (default 1000000)
  --json           the last line is one JSON object
`;

const { json, profiles, heartbeats } = benchOptions(HELP, { profiles: 10_000, heartbeats: 1_000_000 });
const PARTITIONS = 6;
const ROUNDS = 3;
const FLEET_TOPIC = 'fleet-leases.v1';
/** Long enough for the projector to be through with what it was given, on a busy machine too. */
const PROJECT_MS_MAX = 300_000;

// Kafka's own consumer, which reads the log in the end, comes with the embedded broker.
await using stack = await startStack({ kind: 'embedded', onProgress: say });
const { brokers, registryUrl } = stack;
const handovers = await measureHandovers(
  stack,
  { brokers, registryUrl, topic: 'profile-leases.v1', partitionCount: PARTITIONS },
  say,
);

const fleet = { brokers, registryUrl, topic: FLEET_TOPIC, partitionCount: PARTITIONS };
const database = { WARDEN_DATABASE_URL: await createDatabase(stack.postgresUrl, 'fleet') };
const options = { topic: FLEET_TOPIC, cluster: 'fleet', env: { ...database, WARDEN_FENCE_TARGETS: '' } };
{
  await using _authority = await startServices(stack, { ...options, names: ['lease-authority'] });
  await appendFleet(fleet, profiles, heartbeats, say);
}
const nowhere = { WARDEN_DATABASE_URL: await createDatabase(stack.postgresUrl, 'nowhere') };
// In turns, so that both meet the same machine.
const rates = { raw: 0, replay: 0 };
let replay = { ms: Infinity, offsets: 0 };
for (let round = 1; round <= ROUNDS; round += 1) {
  const raw = await measureRaw(fleet, `raw-${round}`);
  const replayed = await timeRestore(stack, FLEET_TOPIC, `replay-${round}`, nowhere);
  const perSecond = (replayed.offsets * 1000) / replayed.ms;
  say(`replayed ${Math.round(perSecond)} records/s; raw kafkajs reads ${Math.round(raw)}/s`);
  rates.raw += raw / ROUNDS;
  rates.replay += perSecond / ROUNDS;
  if (replayed.ms < replay.ms) replay = replayed;
}
{
  await using services = await startServices(stack, {
    ...options,
    names: ['projector'],
    deploy: false,
    readyBoundMs: PROJECT_MS_MAX,
  });
  // Ready means folded; the last batch is written within an instant after it.
  await delay(2_000);
  await services.stop();
}
const restore = await timeRestore(stack, FLEET_TOPIC, 'restore', database);
say(`restored from ${restore.snapshots} snapshots in ${restore.ms} ms`);
await stack.stop();

const result = {
  gracefulMs: handovers.gracefulMs,
  killMs: handovers.killMs,
  sessionTimeoutMs: SESSION_MS,
  zombieFenced: handovers.zombieFenced,
  requests: handovers.audit.requests,
  answered: handovers.audit.answered,
  answeredTwice: handovers.audit.answeredTwice,
  doubleGrants: handovers.audit.doubleGrants,
  lost: handovers.audit.lost,
  violations: handovers.audit.violations.length,
  restoredRecords: replay.offsets,
  replayMs: replay.ms,
  replayPerSecond: Math.round(rates.replay),
  rawPerSecond: Math.round(rates.raw),
  ratio: rounded(rates.replay / rates.raw),
  restoreMs: restore.ms,
  restoredSnapshots: restore.snapshots,
};
if (json) process.stdout.write(`${JSON.stringify(result)}\n`);
if (!isSound(handovers.audit)) process.exitCode = 1;
