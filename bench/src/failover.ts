import { createDatabase, startServices, startStack } from '@profile-warden/devstack';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { SESSION_MS, measureHandovers } from './failover/handovers.ts';
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

const PARTITIONS = 6;
const FLEET_TOPIC = 'fleet-leases.v1';
/** Long enough for the projector to be through with what it was given, on a busy machine too. */
const PROJECT_MS_MAX = 300_000;
const say = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

await using stack = await startStack({ onProgress: say });
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
  await appendFleet(fleet, Number(values.profiles), Number(values.heartbeats), say);
}
const rawPerSecond = await measureRaw(fleet, 'raw');
const nowhere = { WARDEN_DATABASE_URL: await createDatabase(stack.postgresUrl, 'nowhere') };
const replay = await timeRestore(stack, FLEET_TOPIC, 'replay', nowhere);
say(`replayed ${replay.offsets} offsets in ${replay.ms} ms; raw kafkajs reads ${Math.round(rawPerSecond)}/s`);
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
  doubleGrants: handovers.audit.doubleGrantCount,
  requests: handovers.audit.requestCount,
  wrongAnswers: handovers.audit.wrongAnswerCount,
  restoredRecords: replay.offsets,
  replayMs: replay.ms,
  replayPerSecond: Math.round((replay.offsets * 1000) / replay.ms),
  rawPerSecond: Math.round(rawPerSecond),
  ratio: rounded((replay.offsets * 1000) / replay.ms / rawPerSecond),
  restoreMs: restore.ms,
  restoredSnapshots: restore.snapshots,
};
if (values.json) process.stdout.write(`${JSON.stringify(result)}\n`);
