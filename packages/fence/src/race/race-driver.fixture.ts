/** For the specs beside this file: moves fences as the projector does, by the same functions in the same order. */
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import type { ProfileUnderRace, RaceState } from './race-state.fixture.ts';

/** A fence that is not moved by then is given up: the writers starve it. */
const MOVE_MS_MAX = 3_000;
const STATEMENT_TIMEOUT = '57014';

export class RaceDriver {
  readonly #client: pg.Client;
  readonly #state: RaceState;

  constructor(client: pg.Client, state: RaceState) {
    this.#client = client;
    this.#state = state;
  }

  /** Grants, releases and quarantines these profiles at random until the race is over. */
  async run(profiles: readonly ProfileUnderRace[]): Promise<void> {
    const { random } = this.#state;
    // Not lock_timeout: it bounds each of the many waits of which starving consists.
    await this.#client.query(`set statement_timeout = '${MOVE_MS_MAX}ms'`);
    while (!this.#state.isOver) {
      const profile = random.pick(profiles);
      try {
        await this.#move(profile);
      } catch (error) {
        if ((error as pg.DatabaseError).code !== STATEMENT_TIMEOUT) throw error;
        this.#state.fault(`${profile.profileId}: its fence was not moved within ${MOVE_MS_MAX} ms`);
      }
      await sleep(random.between(0, 40));
    }
  }

  #move(profile: ProfileUnderRace): Promise<void> {
    if (!profile.isHeld) return this.grant(profile);
    return this.#state.random.chance(0.3) ? this.release(profile) : this.quarantine(profile);
  }

  async grant(profile: ProfileUnderRace): Promise<void> {
    const token = profile.token + 1;
    const key = `${profile.profileId} ${token}`;
    const { rows } = await this.#client.query<{ seq: string }>(`select nextval('race_order') as seq`);
    this.#state.grantSeqs.set(key, Number(rows[0]?.seq));
    await this.#advance(profile, token, true);
    profile.token = token;
    profile.isHeld = true;
  }

  async release(profile: ProfileUnderRace): Promise<void> {
    const startedAt = performance.now();
    await this.#advance(profile, profile.token, false);
    await this.#ended(profile, false, startedAt);
  }

  /** Two commits: the mark, which waits for nobody, then the row, which waits for the writers in flight. */
  async quarantine(profile: ProfileUnderRace): Promise<void> {
    const { profileId, token } = profile;
    const offset = profile.nextOffset();
    const startedAt = performance.now();
    await this.#client.query('select warden.mark_revoked($1, $2, $3)', [profileId, token, offset]);
    await this.#client.query('select warden.raise_fence($1, $2, 0, $3)', [profileId, token, offset]);
    await this.#ended(profile, true, startedAt);
  }

  /** Without waiting first; where a writer holds the row, what dies is marked, and then waited for. */
  async #advance(profile: ProfileUnderRace, token: number, isValid: boolean): Promise<void> {
    const { profileId } = profile;
    const offset = profile.nextOffset();
    const values = [profileId, token, isValid, offset];
    const { rows } = await this.#client.query<{ answer: string }>(
      'select warden.advance_fence($1, $2, $3, 0, $4, false) as answer',
      values,
    );
    if (rows[0]?.answer !== 'locked') return;
    const dead = isValid ? token - 1 : token;
    if (dead > 0)
      await this.#client.query('select warden.mark_revoked($1, $2, $3)', [profileId, dead, offset]);
    await this.#client.query('select warden.advance_fence($1, $2, $3, 0, $4)', values);
  }

  async #ended(profile: ProfileUnderRace, isRevocation: boolean, startedAt: number): Promise<void> {
    const endedAt = performance.now();
    const { profileId, token } = profile;
    const { rows } = await this.#client.query<{ seq: string; n: string }>(
      `select nextval('race_order') as seq,
              (select count(*) from history where profile_id = $1 and token <= $2) as n`,
      [profileId, token],
    );
    this.#state.endings.push({
      profileId,
      token,
      isRevocation,
      startedAt,
      endedAt,
      seq: Number(rows[0]?.seq),
      writeCount: Number(rows[0]?.n),
    });
    profile.isHeld = false;
  }
}
