import type { Pool, PoolClient } from 'pg';
import { RebuildRefusedError } from './error.ts';
import { READ_SCHEMA, migrate } from './migrate.ts';
import { openPool } from './pool.ts';
import { copyRights, objectsWithoutCopy } from './schema-rights.ts';

/** Where a read model grows beside the live one. */
const REBUILD_SCHEMA = 'warden_rebuild';
const REPLACED_SCHEMA = 'warden_replaced';
/** Held for the whole of a rebuild by its session. */
const LOCK_KEY = '7241865325823966';
/** Longest the live one is waited for, and with it everybody who comes behind, in ms. */
const SWITCH_LOCK_MS = 3_000;
/** Tables that are no image of the log. */
const CARRIED = ['fence_target_state', 'fence_target_change'] as const;
const NAMED_MAX = 5;

export interface LivePosition {
  readonly partition: number;
  readonly nextOffset: number;
  readonly hash: string;
}

/**
 * A read model built anew beside the live one.
 *
 * *building*: its schema is empty at first, whoever builds it writes through `pool`; nobody else looks at it, and the
 * live one is used and written as ever → *switched*: in one transaction the live one is locked, the new one is brought
 * to exactly where it stands, gets its rights, and takes its name → *over*. Where a rebuild ends before the switch,
 * however it ends, the live one was not touched, and the next rebuild removes what is left.
 */
export class Rebuild {
  readonly pool: Pool;
  readonly #url: string;
  readonly #admin: Pool;
  readonly #session: PoolClient;
  #isClaimed = false;

  /** @throws RebuildRefusedError, having changed nothing */
  static async begin(url: string, applicationName: string): Promise<Rebuild> {
    const admin = openPool(url, { applicationName, maxConnections: 2 });
    try {
      const session = await admin.connect();
      // What breaks here shows in the next statement; without a listener it would end the process.
      session.on('error', () => undefined);
      const rebuild = new Rebuild(url, admin, session, applicationName);
      try {
        await rebuild.#claim();
        return rebuild;
      } catch (error) {
        await rebuild.close();
        throw error;
      }
    } catch (error) {
      if (!admin.ending) await admin.end();
      throw error;
    }
  }

  private constructor(url: string, admin: Pool, session: PoolClient, applicationName: string) {
    this.#url = url;
    this.#admin = admin;
    this.#session = session;
    this.pool = openPool(url, { applicationName, schema: REBUILD_SCHEMA, maxConnections: 2 });
  }

  async #claim(): Promise<void> {
    const { rows } = await this.#session.query<{ claimed: boolean }>(
      `select pg_try_advisory_lock(${LOCK_KEY}) as claimed`,
    );
    if (rows[0]?.claimed !== true)
      throw new RebuildRefusedError(
        'rebuild-under-way',
        'another rebuild of this read model is under way: wait for it, or end its process',
      );
    this.#isClaimed = true;
    for (const schema of [REBUILD_SCHEMA, REPLACED_SCHEMA])
      await this.#session.query(`drop schema if exists ${schema} cascade`);
    await migrate(this.#url, { schema: REBUILD_SCHEMA });
    if (await this.#hasLive()) await this.#assertReplaceable();
  }

  /** Where the live one stands; empty where there is none. */
  async livePositions(): Promise<readonly LivePosition[]> {
    if (!(await this.#hasLive())) return [];
    const { rows } = await this.#session.query<LivePosition>(
      `select partition, next_offset as "nextOffset", hash from ${READ_SCHEMA}.projection_offset order by partition`,
    );
    return rows;
  }

  /**
   * Puts the new one in the place of the live one. `catchUp` is called while nobody can write the live one, and has to
   * bring the new one to the positions it is given; it should have little left to do. Where the live one is in use for
   * longer than 3 s this fails with a lock timeout and can be tried again.
   */
  async switchOver(catchUp: (live: readonly LivePosition[]) => Promise<void>): Promise<void> {
    const session = this.#session;
    // Fresh tables have no statistics, and the first to ask would pay for it.
    await this.pool.query('analyze profile, recovery_case, event_archive');
    await session.query('begin');
    try {
      const hasLive = await this.#hasLive();
      if (hasLive) await this.#lockLive();
      await catchUp(hasLive ? await this.livePositions() : []);
      if (hasLive) {
        await this.#assertReplaceable();
        await this.#carryOver();
        await copyRights(session, READ_SCHEMA, REBUILD_SCHEMA);
        await session.query(`alter schema ${READ_SCHEMA} rename to ${REPLACED_SCHEMA}`);
      }
      await session.query(`alter schema ${REBUILD_SCHEMA} rename to ${READ_SCHEMA}`);
      if (hasLive) await session.query(`drop schema ${REPLACED_SCHEMA} cascade`);
      await session.query('commit');
    } catch (error) {
      await session.query('rollback').catch(() => undefined);
      throw error;
    }
  }

  /** What was built and not switched is removed. */
  async close(): Promise<void> {
    await this.pool.end();
    // Of one that could not be claimed, all belongs to somebody else.
    if (this.#isClaimed)
      await this.#session.query(`drop schema if exists ${REBUILD_SCHEMA} cascade`).catch(() => undefined);
    // Gives back the lock as well.
    this.#session.release(true);
    await this.#admin.end();
  }

  async #hasLive(): Promise<boolean> {
    const { rows } = await this.#session.query<{ live: string | null }>(
      'select to_regclass($1)::text as live',
      [`${READ_SCHEMA}.projection_offset`],
    );
    return rows[0]?.live != null;
  }

  /** Nothing may be lost with the live one that the log does not hold. */
  async #assertReplaceable(): Promise<void> {
    const { rows } = await this.#session.query<{ name: string }>(
      `select name from ${READ_SCHEMA}.migration except select name from ${REBUILD_SCHEMA}.migration`,
    );
    const [newer] = rows;
    if (newer !== undefined)
      throw new RebuildRefusedError(
        'newer-read-model',
        `the read model has migration ${newer.name}, which this release does not know: use the release that wrote it`,
      );
    const foreign = await objectsWithoutCopy(this.#session, READ_SCHEMA, REBUILD_SCHEMA);
    if (foreign.length > 0)
      throw new RebuildRefusedError(
        'foreign-objects',
        `these stand on the read model and would be lost with it: ${foreign.slice(0, NAMED_MAX).join('; ')}` +
          `${foreign.length > NAMED_MAX ? ` and ${foreign.length - NAMED_MAX} more` : ''}. Drop them, rebuild, and ` +
          'create them again',
      );
  }

  /** The position first, as the projector does: whoever writes has ended, whoever comes waits at its first statement. */
  async #lockLive(): Promise<void> {
    await this.#session.query(`select set_config('lock_timeout', '${SWITCH_LOCK_MS}ms', true)`);
    const { rows } = await this.#session.query<{ name: string }>(
      `select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname = $1
       order by tablename <> 'projection_offset', tablename`,
      [READ_SCHEMA],
    );
    await this.#session.query(
      `lock table ${rows.map(({ name }) => name).join(', ')} in access exclusive mode`,
    );
  }

  async #carryOver(): Promise<void> {
    for (const table of CARRIED) {
      // A live one that was never migrated to them has none.
      const { rows } = await this.#session.query<{ there: string | null }>(
        'select to_regclass($1)::text as there',
        [`${READ_SCHEMA}.${table}`],
      );
      if (rows[0]?.there == null) continue;
      await this.#session.query(
        `insert into ${REBUILD_SCHEMA}.${table} overriding system value select * from ${READ_SCHEMA}.${table}`,
      );
    }
    await this.#session.query(
      `select setval(pg_get_serial_sequence('${REBUILD_SCHEMA}.fence_target_change', 'id'),
                     (select coalesce(max(id), 0) + 1 from ${REBUILD_SCHEMA}.fence_target_change), false)`,
    );
  }
}
