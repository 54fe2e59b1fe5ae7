import { describe, expect, it } from 'vitest';
import { judged, whyNoChecker } from './checker.fixture.ts';
import { simulatedHistory } from './simulated-history.fixture.ts';

/** `WARDEN_HISTORIES=500` judges more of them. */
const SEEDS = Number(process.env['WARDEN_HISTORIES'] ?? 25);
const FIRST_SEED = Number(process.env['WARDEN_SEED'] ?? 1);
const MS_PER_SEED = 3_000;

describe('what clients of the simulation have lived through', () => {
  it(
    `could have come from one register of leases (${SEEDS} seeds)`,
    { timeout: 300_000 + SEEDS * MS_PER_SEED },
    async ({ skip }) => {
      const reason = whyNoChecker();
      if (reason !== null) skip(reason);
      const history = [];
      for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed += 1) {
        const { operations, objection } = await simulatedHistory(seed);
        expect(objection, `seed ${seed}`).toBeNull();
        history.push(...operations);
      }
      const { summary, told } = await judged(history);
      expect([summary.illegal, summary.undecided], told).toEqual([[], []]);
      // A history in which nothing happens proves nothing.
      const { operations } = summary;
      for (const kind of ['acquire granted', 'release ok', 'revoke ok', 'write accepted', 'write refused'])
        expect(operations[kind] ?? 0, kind).toBeGreaterThan(0);
    },
  );

  it('is found impossible where a lease was granted to two at once', async ({ skip }) => {
    const reason = whyNoChecker();
    if (reason !== null) skip(reason);
    const { operations } = await simulatedHistory(FIRST_SEED);
    const grant = operations.find(({ outcome }) => outcome === 'granted');
    if (grant?.returnNs == null) throw new Error('nobody was granted anything');
    const second = { ...grant, token: (grant.token ?? 0) + 1, callNs: grant.returnNs + 1 };
    const { summary } = await judged([...operations, { ...second, returnNs: second.callNs + 1 }]);
    expect(summary.illegal).toEqual([grant.profile]);
  });
});
