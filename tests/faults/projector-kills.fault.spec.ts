import { createDatabase } from '@profile-warden/devstack';
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { setTimeout as sleep } from 'node:timers/promises';
import { READ_SCHEMA, openPool, type Pool } from '@profile-warden/postgres';
import { expect, it } from 'vitest';
import { useFaultWorld } from './shared-world.fixture.ts';

const PROJECTOR = fileURLToPath(new URL('../../services/projector/src/main.ts', import.meta.url));
const WARDEN = fileURLToPath(new URL('../../apps/warden/src/main.ts', import.meta.url));
const KILLS = 100;
/** Projectors side by side, each with a database and a group of its own: most of a life is its start. */
const LANES = 4;
/** Kills of a lane between two looks at all of its rows. */
const VERIFY_EVERY = 12;
/** From the first batch that a life has written on: its transactions come every 250 ms and take some of them. */
const LIFE_MS_MAX = 400;
/** The last life goes on for so long behind its first batch. */
const CATCH_UP_MS = 1_000;
const FIRST_BATCH_MS_MAX = 30_000;
const SEED = Number(process.env['WARDEN_KILL_SEED'] ?? Date.now() % 1_000_000);
const BOUND_MS = 60_000;

const opened = useFaultWorld({ services: ['lease-authority', 'stale-detector'] });

it(`F26: a projector that is killed ${KILLS} times under load leaves the rows of a fold (WARDEN_KILL_SEED=${SEED})`, async () => {
  const { world } = opened;
  const random = numbersFrom(SEED);
  const fleet = world.fleet('killed-projector', { holdMs: 200 });
  await fleet.grants(12, BOUND_MS);
  const lanes = await Promise.all(Array.from({ length: LANES }, (_none, index) => Lane.open(index)));
  try {
    await Promise.all(lanes.map((lane) => lane.live(KILLS / LANES, random)));
    const told = await fleet.finish(BOUND_MS);
    await Promise.all(lanes.map((lane) => lane.rest()));
    await world.expectSound(told.released);
    expect(lanes.reduce((total, { kills }) => total + kills, 0)).toBe(KILLS);
  } finally {
    await Promise.all(lanes.map((lane) => lane.close()));
  }
}, 600_000);

/** A read model, and the projectors that write it one after the other. */
class Lane {
  readonly #pool: Pool;
  readonly #env: NodeJS.ProcessEnv;
  #lives = 0;
  kills = 0;

  static async open(index: number): Promise<Lane> {
    return new Lane(await createDatabase(opened.world.stack.postgresUrl, `lane_${index}`), index);
  }

  private constructor(url: string, index: number) {
    const { world } = opened;
    this.#pool = openPool(url, { applicationName: 'kills', schema: READ_SCHEMA });
    this.#env = {
      ...process.env,
      WARDEN_BROKERS: world.brokers.join(','),
      WARDEN_REGISTRY_URL: world.stack.registryUrl,
      WARDEN_TOPIC: world.topic,
      WARDEN_CLUSTER: `lane-${index}`,
      WARDEN_DATABASE_URL: url,
      WARDEN_FENCE_TARGETS: '',
      WARDEN_SESSION_MS: '3000',
      WARDEN_LOG_LEVEL: 'fatal',
    };
  }

  async live(kills: number, random: () => number): Promise<void> {
    for (let count = 0; count < kills; count += 1) {
      const child = this.#start();
      const ended = once(child, 'exit');
      await Promise.race([this.#movesOn(), ended]);
      await sleep(random() * LIFE_MS_MAX);
      child.kill('SIGKILL');
      expect(await ended, 'how the projector ended').toEqual([null, 'SIGKILL']);
      this.kills += 1;
      if (this.kills % VERIFY_EVERY === 0) await this.#verified();
    }
  }

  /** A last life, which ends by itself. */
  async rest(): Promise<void> {
    const child = this.#start();
    const ended = once(child, 'exit');
    await this.#movesOn();
    await sleep(CATCH_UP_MS);
    child.kill('SIGTERM');
    await ended;
    await this.#verified();
  }

  close(): Promise<void> {
    return this.#pool.end();
  }

  /** A group of its own for each life: nobody has to wait until the one before has missed its session. */
  #start(): ChildProcess {
    this.#lives += 1;
    const env = { ...this.#env, WARDEN_CLUSTER: `${this.#env['WARDEN_CLUSTER'] ?? ''}.${this.#lives}` };
    return spawn(process.execPath, [PROJECTOR], { env, stdio: ['ignore', 'ignore', 'inherit'] });
  }

  async #movesOn(): Promise<void> {
    const from = await this.#position();
    const untilMs = performance.now() + FIRST_BATCH_MS_MAX;
    while ((await this.#position()) === from) {
      if (performance.now() > untilMs) throw new Error(`nothing was written within ${FIRST_BATCH_MS_MAX} ms`);
      await sleep(20);
    }
  }

  /** Empty before the first migration. */
  async #position(): Promise<string> {
    const positions = await this.#pool
      .query<{ at: string | null }>(
        `select string_agg(next_offset::text, ',' order by partition) as at from projection_offset`,
      )
      .catch(() => null);
    return positions?.rows[0]?.at ?? '';
  }

  async #verified(): Promise<void> {
    await promisify(execFile)(process.execPath, [WARDEN, 'projection', 'verify'], { env: this.#env });
  }
}

/** Numbers from 0 to 1 that a seed brings back. */
const numbersFrom = (seed: number): (() => number) => {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
};
