import { startServices, startStack, type Services } from '@profile-warden/devstack';
import { READ_SCHEMA, openPool } from '@profile-warden/postgres';
import { mkdtemp, rm } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { benchOptions, say } from './bench-options.ts';
import { openGrantLoop } from './grant-loop.ts';
import { Load } from './load.ts';
import { FleetLog } from './fleet-log.ts';
import { watchToEnd, type Way } from './projection/read-model-watch.ts';
import { measureTokenCost } from './projection/token-cost.ts';

const HELP = `npm run bench:projection -- [--json] [--profiles N] [--heartbeats N] [--lifecycle N] [--burst N]

The real projector on the real broker, registry and PostgreSQL, whose commits wait for the disk: lifecycle events and
heartbeats of a held fleet brought into the read model per second, from logs that lie there already; how long after a
burst of heartbeats it has all of them while it runs; and what require_token adds to a transaction with one update.
Counted is what is committed. Heartbeats of a profile are gathered for 1 s at most.

  --profiles N     leases held, 10 to 100000 (default 10000)
  --lifecycle N    steps begun and ended, beside a request and a grant per profile (default 200000)
  --heartbeats N   heartbeats that wait when the projector starts (default 1000000)
  --burst N        heartbeats of the burst (default 200000)
  --json           the last line is one JSON object
`;

const options = benchOptions(HELP, {
  profiles: 10_000,
  lifecycle: 200_000,
  heartbeats: 1_000_000,
  burst: 200_000,
});
const PARTITIONS = 6;
const TOPIC = 'profile-leases.v1';
const TOKEN_ROUNDS = 4_000;

// With a folder of its own the stack is one to be kept: its PostgreSQL waits for the disk.
const dataDir = await mkdtemp(join(tmpdir(), 'warden-bench-projection-'));
const stack = await startStack({ dataDir, onProgress: say });
const { brokers, registryUrl } = stack;
const target = { brokers, registryUrl, topic: TOPIC, partitionCount: PARTITIONS };
const profiles = Array.from({ length: options.profiles }, (_none, index) => `profile-${index}`);
const pool = openPool(stack.postgresUrl, { applicationName: 'bench', schema: READ_SCHEMA });

const projector = (): Promise<Services> =>
  startServices(stack, { names: ['projector'], topic: TOPIC, deploy: false, readyBoundMs: 300_000 });

const perSecond = (what: string, { ms, offsets, stoodStillMsMax }: Way): number => {
  const rate = Math.round((offsets * 1000) / ms);
  say(
    `${offsets} ${what} in ${Math.round(ms)} ms, ${rate}/s; two commits of a partition were ` +
      `${Math.round(stoodStillMsMax)} ms apart at most; load ${loadavg()[0]?.toFixed(1) ?? ''}`,
  );
  return rate;
};

/** From an empty start or a stop until all that waits is in; the process itself starts meanwhile. */
const caughtUp = async (what: string): Promise<number> => {
  const watching = watchToEnd({ ...target, pool });
  const services = await projector();
  const rate = perSecond(what, await watching);
  await services.stop();
  return rate;
};

try {
  {
    await using _authority = await startServices(stack, { names: ['lease-authority'], topic: TOPIC });
    const { loop, close } = await openGrantLoop(target);
    const load = new Load(loop);
    await load.start();
    say(`${options.profiles} leases granted, ${await load.full(profiles, 250, 4_000)}/s`);
    await close();
  }
  // Makes the read model, and brings the leases into it.
  {
    await using services = await projector();
    await watchToEnd({ ...target, pool });
    await services.stop();
  }
  const fleet = await FleetLog.open(target, profiles);
  await fleet.steps(options.lifecycle);
  const lifecyclePerSecond = await caughtUp('lifecycle events');
  const { rows } = await pool.query<{ count: number }>('select count(*)::int as count from event_archive');
  const expected = options.lifecycle + 2 * options.profiles;
  if ((rows[0]?.count ?? 0) < expected) throw new Error(`${expected} events were to be archived, at least`);
  await fleet.heartbeats(options.heartbeats);
  const heartbeatsPerSecond = await caughtUp('heartbeats');

  const services = await projector();
  await fleet.heartbeats(options.burst);
  const burstAtMs = performance.now();
  const lagAfterBurstMs = Math.max(
    0,
    Math.round((await watchToEnd({ ...target, pool })).endedAtMs - burstAtMs),
  );
  say(
    `all of a burst of ${options.burst} is in ${lagAfterBurstMs} ms after its last record was acknowledged`,
  );

  const accounts = openPool(stack.postgresUrl, { applicationName: 'bench-accounts' });
  const cost = await measureTokenCost(accounts, profiles, TOKEN_ROUNDS).finally(() => accounts.end());
  say(
    `one update: ${cost.withoutMs} ms, with require_token ${cost.withMs} ms (medians), ratio ${cost.ratio}`,
  );
  await services.stop();
  await fleet.close();
  const result = { heartbeatsPerSecond, lifecyclePerSecond, lagAfterBurstMs, requireTokenRatio: cost.ratio };
  if (options.json) process.stdout.write(`${JSON.stringify(result)}\n`);
} finally {
  await pool.end();
  await stack.stop();
  await rm(dataDir, { recursive: true, force: true });
}
