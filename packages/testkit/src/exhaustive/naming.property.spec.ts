import { canonicalJson, emptyPartition, evolve, snapshotOf } from '@profile-warden/domain';
import type { LogRecord } from '@profile-warden/events';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../walk/random.ts';
import { walkedLog } from '../walk/walked-log.ts';
import { offsetsIn, renamed, type Renaming } from './naming.ts';

/** Other offsets in the same order, further apart, and a log that began at another time. */
const otherNames = (seed: number, records: readonly LogRecord[]): Renaming => {
  const random = Random.ofStep(seed, -9);
  const last = records.at(-1)?.offset ?? 0;
  const offsets: number[] = [];
  let name = random.whole(5);
  for (let offset = 0; offset <= last + 1; offset += 1) {
    offsets.push(name);
    name += random.between(1, 4);
  }
  return { offsets, logMs: 5_000, oldestLogMs: -Infinity, brokerMs: 0 };
};

/** Everything in the fold of the log but the position behind it, and when requests were answered. */
const foldOf = (records: readonly LogRecord[], startLogMs: number): object => {
  const state = { ...emptyPartition(0), logMs: startLogMs };
  for (const record of records) evolve(state, record);
  const { nextOffset: _next, ...partition } = snapshotOf(state);
  const profiles = [...state.profiles.values()].map(({ answered: _answered, ...profile }) => profile);
  return { partition, profiles };
};

describe('the fold', { timeout: 60_000 }, () => {
  it('cares for the order of offsets and the distance of log times, for nothing else about them', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_000_000 }), (seed) => {
        const records = walkedLog(seed, 220);
        const names = otherNames(seed, records);
        const elsewhere = records.map((record) => renamed(record, names));
        expect(canonicalJson(foldOf(elsewhere, 5_000))).toBe(
          canonicalJson(renamed(foldOf(records, 0), names)),
        );
      }),
      { numRuns: 60 },
    );
  });
});

describe('renaming', () => {
  const names: Renaming = { offsets: [0, 7], logMs: -10, oldestLogMs: 5, brokerMs: 3 };
  it('changes offsets and times by their keys, and puts keys in order', () =>
    expect(
      JSON.stringify(renamed({ offset: 1, b: { logMs: 40, lastTickAtMs: 1, waitMs: 9 }, a: 2 }, names)),
    ).toBe('{"a":2,"b":{"lastTickAtMs":4,"logMs":30,"waitMs":9},"offset":7}'));
  it('tells no log time as older than the oldest', () =>
    expect(renamed({ logMs: 12 }, names)).toEqual({ logMs: 5 }));
  it('leaves what stands for no offset as it is', () =>
    expect(renamed({ offset: -1, basedOn: null }, names)).toEqual({ offset: -1, basedOn: null }));
  it('refuses an offset that has no name', () =>
    expect(() => renamed({ offset: 5 }, names)).toThrow('offset 5 has no name left'));
  it('lists the offsets it would change, each once', () =>
    expect(offsetsIn({ offset: 4, deep: [{ basedOn: 2 }, { epoch: 4 }], findings: { offset: 9 } })).toEqual([
      2, 4,
    ]));
});
