/** For the specs beside this file: what the history must look like, read from the database after the race. */
import type pg from 'pg';
import type { Ending, OpenSpan, RaceState } from './race-state.fixture.ts';

/** What a raise may take beyond the longest transaction that was open while it waited, in ms. */
export const RAISE_MARGIN_MS = 500;

/** Everything that is wrong; empty where I4 holds and no fence was kept waiting. */
export async function faultsOf(client: pg.Client, state: RaceState): Promise<readonly string[]> {
  return [
    ...state.faults,
    ...(await disorder(client)),
    ...(await lateWrites(client, state.endings)),
    ...(await earlyWrites(client, state.grantSeqs)),
    ...state.endings.filter((ending) => ending.isRevocation).flatMap((ending) => slowRaise(ending, state)),
  ];
}

/** An older token behind a newer one. */
async function disorder(client: pg.Client): Promise<readonly string[]> {
  const { rows } = await client.query<{ text: string }>(`
    select format('%s: token %s was accepted after token %s', profile_id, token, newest) as text
    from (select profile_id, token, seq, max(token) over (partition by profile_id order by seq) as newest
          from history) as ordered
    where token < newest order by seq limit 10`);
  return rows.map(({ text }) => text);
}

/** Writes that came, or were committed, after the token's end was confirmed. */
async function lateWrites(client: pg.Client, endings: readonly Ending[]): Promise<readonly string[]> {
  const { rows } = await client.query<{ text: string }>(
    `select format('%s: %s writes under token %s or older at its end, %s in the end, the last one %s behind it',
                   e.id, e.n, e.token, count(h.seq), max(h.seq) - e.seq) as text
     from unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[]) as e (id, token, seq, n)
     join history h on h.profile_id = e.id and h.token <= e.token
     group by e.id, e.token, e.seq, e.n
     having count(h.seq) <> e.n or max(h.seq) > e.seq limit 10`,
    [
      endings.map(({ profileId }) => profileId),
      endings.map(({ token }) => token),
      endings.map(({ seq }) => seq),
      endings.map(({ writeCount }) => writeCount),
    ],
  );
  return rows.map(({ text }) => text);
}

async function earlyWrites(
  client: pg.Client,
  grantSeqs: ReadonlyMap<string, number>,
): Promise<readonly string[]> {
  const { rows } = await client.query<{ key: string; seq: string }>(
    `select profile_id || ' ' || token as key, min(seq) as seq from history group by profile_id, token`,
  );
  return rows
    .filter(({ key, seq }) => Number(seq) < (grantSeqs.get(key) ?? Infinity))
    .map(({ key }) => `${key} was accepted before it was granted`);
}

export const tookMs = ({ startedAt, endedAt }: { startedAt: number; endedAt: number }): number =>
  endedAt - startedAt;

/** The longest transaction of the profile that was open while its fence was being raised. */
export function longestOpenMs(ending: Ending, spans: readonly OpenSpan[]): number {
  const met = spans.filter(
    ({ profileId, startedAt, endedAt }) =>
      profileId === ending.profileId && startedAt <= ending.endedAt && endedAt >= ending.startedAt,
  );
  return Math.max(0, ...met.map(tookMs));
}

function slowRaise(ending: Ending, { spans }: RaceState): readonly string[] {
  const longestMs = longestOpenMs(ending, spans);
  if (tookMs(ending) <= longestMs + RAISE_MARGIN_MS) return [];
  return [
    `${ending.profileId}: raising token ${ending.token} took ${Math.round(tookMs(ending))} ms, ` +
      `the longest transaction ${Math.round(longestMs)} ms`,
  ];
}
