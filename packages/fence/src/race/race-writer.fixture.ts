/** For the specs beside this file: an account service that writes with good, old and future tokens. */
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { FenceRefusedError, requireToken } from '../index.ts';
import type { ProfileUnderRace, RaceState } from './race-state.fixture.ts';

/** So many of all writes go to the first profile: it is never left alone. */
const TO_THE_FIRST = 0.4;
const LONG = 0.3;

export async function runWriter(client: pg.Client, state: RaceState): Promise<void> {
  const { random, options } = state;
  while (state.take()) {
    const profile = chosen(state);
    const token = presented(state, profile);
    await write(client, state, profile.profileId, token, random.chance(LONG) ? options.longMs : 0);
  }
}

function chosen({ random, profiles, leftOpen }: RaceState): ProfileUnderRace {
  const [first] = profiles;
  if (first !== undefined && random.chance(TO_THE_FIRST)) return first;
  return random.chance(0.02) ? leftOpen : random.pick(profiles);
}

function presented({ random }: RaceState, { token }: ProfileUnderRace): number {
  const wanted = random.weighted([
    [70, token],
    [15, token - random.between(1, 3)],
    [15, token + random.between(1, 2)],
  ]);
  return Math.max(1, wanted);
}

/** One transaction; the order is drawn as late as possible while the row is still held. */
export async function write(
  client: pg.Client,
  state: RaceState,
  profileId: string,
  token: number,
  openMs: number,
): Promise<void> {
  const startedAt = performance.now();
  await client.query('begin');
  try {
    await requireToken(client, { profileId, token });
    if (openMs > 0) await sleep(openMs);
    await client.query(
      `insert into history (profile_id, token, seq) values ($1, $2, nextval('race_order'))`,
      [profileId, token],
    );
    await client.query('commit');
    state.answered('accepted');
  } catch (error) {
    await client.query('rollback');
    if (!(error instanceof FenceRefusedError)) throw error;
    state.answered(error.code);
  } finally {
    state.spans.push({ profileId, startedAt, endedAt: performance.now() });
  }
}
