/** For the specs beside this file, and for `npm run test:race`: forty writers, and fences that move under them. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Random } from '@profile-warden/testkit/walk';
import pg from 'pg';
import { readFenceSql } from '../index.ts';
import { RaceDriver } from './race-driver.fixture.ts';
import { faultsOf, longestOpenMs, tookMs } from './race-judge.fixture.ts';
import { LEFT_OPEN, RaceState } from './race-state.fixture.ts';
import type { RaceOptions } from './race-state.fixture.ts';
import { runWriter, write } from './race-writer.fixture.ts';

const DRIVER_COUNT = 4;
/** The left-open transaction has begun by then, and its fence is raised. */
const LEFT_OPEN_HEAD_START_MS = 200;

export interface RaceFigures {
  readonly connections: number;
  readonly writes: number;
  readonly answers: Readonly<Record<string, number>>;
  readonly grants: number;
  readonly releases: number;
  readonly quarantines: number;
  readonly raiseMsMedian: number;
  readonly raiseMsMax: number;
  /** The most that a raise took beyond the longest transaction open meanwhile; below 0 where none did. */
  readonly beyondLongestMsMax: number;
  readonly leftOpenMs: number;
  /** From the end of the left-open transaction to the raised fence. */
  readonly leftOpenRaisedAfterMs: number;
  readonly wallMs: number;
  readonly faults: readonly string[];
}

export async function runRace(options: RaceOptions): Promise<RaceFigures> {
  const state = new RaceState(options, new Random(options.seed));
  const clients: pg.Client[] = [];
  const connect = async (): Promise<pg.Client> => {
    const client = new pg.Client({ connectionString: options.url });
    client.on('error', () => undefined);
    await client.connect();
    clients.push(client);
    return client;
  };
  try {
    const owner = await connect();
    await prepare(owner, options);
    const startedAt = performance.now();
    await race(state, connect);
    const wallMs = performance.now() - startedAt;
    return figures(state, wallMs, await faultsOf(owner, state));
  } finally {
    await Promise.all(clients.map((client) => client.end()));
  }
}

async function prepare(client: pg.Client, options: RaceOptions): Promise<void> {
  await client.query(`begin; ${options.installSql ?? (await readFenceSql())}; commit`);
  await client.query(`
    select warden.report_progress(0, 1, 0, 0);
    create sequence race_order;
    create table history (profile_id text not null, token bigint not null, seq bigint primary key);
    create index on history (profile_id, token);
  `);
}

async function race(state: RaceState, connect: () => Promise<pg.Client>): Promise<void> {
  const { connectionCount } = state.options;
  const drivers = await Promise.all(
    Array.from({ length: DRIVER_COUNT }, async () => new RaceDriver(await connect(), state)),
  );
  const [first] = drivers;
  for (const profile of state.profiles) await first?.grant(profile);
  const writers = await Promise.all(Array.from({ length: connectionCount }, connect));
  const [left, ...others] = writers;
  if (left === undefined) throw new Error('a race needs writers');
  const leftOpen = leaveOpen(state, left, new RaceDriver(await connect(), state));
  const driving = drivers.map((driver, index) =>
    driver.run(state.profiles.filter((_, at) => at % DRIVER_COUNT === index)),
  );
  const ending = (error: unknown): never => {
    state.end();
    throw error;
  };
  await Promise.all([leftOpen, ...others.map((writer) => runWriter(writer, state))]).catch(ending);
  state.end();
  await Promise.all(driving);
}

/** One transaction that nobody ends for long, and the fence that is raised against it. */
async function leaveOpen(state: RaceState, writer: pg.Client, driver: RaceDriver): Promise<void> {
  const { leftOpen, options } = state;
  await driver.grant(leftOpen);
  const writing = write(writer, state, LEFT_OPEN, leftOpen.token, options.leftOpenMs);
  await sleep(LEFT_OPEN_HEAD_START_MS);
  await driver.quarantine(leftOpen);
  await writing;
  await runWriter(writer, state);
}

function figures(state: RaceState, wallMs: number, faults: readonly string[]): RaceFigures {
  const { endings, spans, answers, grantSeqs, options } = state;
  const raises = endings.filter(({ isRevocation, profileId }) => isRevocation && profileId !== LEFT_OPEN);
  const raiseMs = raises.map(tookMs).sort((a, b) => a - b);
  const raised = endings.find(({ profileId }) => profileId === LEFT_OPEN);
  const left = spans
    .filter(({ profileId }) => profileId === LEFT_OPEN)
    .sort((a, b) => tookMs(b) - tookMs(a))[0];
  return {
    connections: options.connectionCount,
    writes: spans.length,
    answers: Object.fromEntries([...answers].sort()),
    grants: grantSeqs.size,
    releases: endings.filter(({ isRevocation }) => !isRevocation).length,
    quarantines: raises.length,
    raiseMsMedian: Math.round(raiseMs[Math.floor(raiseMs.length / 2)] ?? 0),
    raiseMsMax: Math.round(raiseMs.at(-1) ?? 0),
    beyondLongestMsMax: Math.round(
      Math.max(...raises.map((ending) => tookMs(ending) - longestOpenMs(ending, spans))),
    ),
    leftOpenMs: Math.round(left === undefined ? 0 : tookMs(left)),
    leftOpenRaisedAfterMs: Math.round((raised?.endedAt ?? Infinity) - (left?.endedAt ?? 0)),
    wallMs: Math.round(wallMs),
    faults,
  };
}
