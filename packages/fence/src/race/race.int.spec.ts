import { freshDatabase } from '@profile-warden/testkit/parts';
import { expect, it } from 'vitest';
import { readFenceSql } from '../index.ts';
import { runRace } from './race.fixture.ts';
import type { RaceFigures } from './race.fixture.ts';
import { RAISE_MARGIN_MS } from './race-judge.fixture.ts';
import type { RaceOptions } from './race-state.fixture.ts';

const RACE_MS_MAX = 120_000;

/** A small race; `npm run test:race` runs it with 20,000 writes and a transaction left open for a minute. */
const race = async (options: Partial<RaceOptions> = {}): Promise<RaceFigures> =>
  runRace({
    url: await freshDatabase(),
    seed: 7,
    connectionCount: 40,
    writeCount: 4_000,
    profileCount: 20,
    longMs: 200,
    leftOpenMs: 4_000,
    ...options,
  });

interface Change {
  readonly original: string;
  readonly replacement: string;
  /** How often it must be there, else this would be another mutant. Default once. */
  readonly count?: number;
}

/** The install with one thing wrong: as `require_token` finds a token good, and as everything else is judged. */
async function mutant(...changes: readonly Change[]): Promise<string> {
  let sql = await readFenceSql();
  for (const { original, replacement, count = 1 } of changes) {
    const parts = sql.split(original);
    expect(parts, original).toHaveLength(count + 1);
    sql = parts.join(replacement);
  }
  return sql;
}

it(
  'writers with good, old and future tokens never break the order, and keep no fence waiting but their own',
  async () => {
    const figures = await race();
    expect(figures.faults).toEqual([]);
    expect(figures.writes).toBeGreaterThanOrEqual(4_000);
    for (const code of ['accepted', 'WD001', 'WD002']) expect(figures.answers[code]).toBeGreaterThan(100);
    expect(figures.quarantines).toBeGreaterThan(10);
    expect(figures.releases).toBeGreaterThan(3);
    // Overlapping long transactions were met, and outlasted by nothing.
    expect(figures.raiseMsMax).toBeGreaterThan(50);
    expect(figures.raiseMsMax).toBeLessThan(4_000);
    expect(figures.beyondLongestMsMax).toBeLessThanOrEqual(RAISE_MARGIN_MS);
    expect(figures.leftOpenMs).toBeGreaterThanOrEqual(4_000);
    expect(figures.leftOpenRaisedAfterMs).toBeLessThanOrEqual(RAISE_MARGIN_MS);
  },
  RACE_MS_MAX,
);

it(
  'finds out a check that holds no lock',
  async () => {
    const installSql = await mutant({
      original: 'from warden.fence f where f.profile_id = p_profile_id for share;',
      replacement: 'from warden.fence f where f.profile_id = p_profile_id;',
      count: 2,
    });
    const { faults } = await race({ installSql, writeCount: 2_000, leftOpenMs: 500 });
    expect(faults.join('\n')).toMatch(/was accepted after token|writes under token/);
  },
  RACE_MS_MAX,
);

it(
  'finds out a check that does not read the marks',
  async () => {
    const installSql = await mutant(
      { original: 'if p_token <= v_revoked then', replacement: 'if false then' },
      { original: 'coalesce(r.token < p_token, true)', replacement: 'true' },
    );
    const { faults } = await race({ installSql, writeCount: 20_000, leftOpenMs: 500 });
    expect(faults.join('\n')).toMatch(/was not moved within|raising token \d+ took/);
  },
  RACE_MS_MAX,
);
