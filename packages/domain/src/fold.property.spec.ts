import { isAuthorityEvent, type LogRecord } from '@profile-warden/events';
import { walkedLog } from '@profile-warden/testkit/walk';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  canonicalJson,
  canonicalState,
  emptyPartition,
  evolve,
  fromSnapshot,
  snapshotOf,
  type PartitionSnapshot,
  type PartitionState,
  type ProfileState,
} from './index.ts';

const folded = (records: readonly LogRecord[], state = emptyPartition(0)): PartitionState => {
  for (const record of records) evolve(state, record);
  return state;
};
/** What a profile has come to, without when and how. */
const lifecycles = (state: PartitionState): string =>
  canonicalJson(
    [...state.profiles.values()].map(({ stage, token, round, requests }) => [
      stage.kind,
      token,
      round,
      requests.map(({ requestId }) => requestId),
    ]),
  );
/** The log up to `index`, and that record once more. */
const withCopy = (
  records: readonly LogRecord[],
  index: number,
  change: Partial<LogRecord> = {},
): LogRecord[] => {
  const original = records[index];
  if (original === undefined) return [];
  return [...records.slice(0, index + 1), { ...original, ...change, offset: original.offset + 1 }];
};
const log = fc.integer({ min: 1, max: 1_000_000 }).map((seed) => walkedLog(seed, 220));
const place = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const RUNS = { numRuns: 60 };

describe('the fold, on logs of random walks', { timeout: 60_000 }, () => {
  it('gives the same state for the same log', () => {
    fc.assert(
      fc.property(log, (records) => {
        expect(canonicalState(folded(records))).toBe(canonicalState(folded(structuredClone(records))));
      }),
      RUNS,
    );
  });

  it('is not moved by a send that arrives twice in a row', () => {
    fc.assert(
      fc.property(log, place, (records, at) => {
        const sends = records.flatMap(({ event }, index) => (isAuthorityEvent(event.type) ? [] : [index]));
        const index = sends[Math.floor(at * sends.length)] ?? 0;
        const once = folded(records.slice(0, index + 1));
        const twice = folded(withCopy(records, index));
        expect(lifecycles(twice)).toBe(lifecycles(once));
        expect(twice.logMs).toBe(once.logMs);
      }),
      { numRuns: 150 },
    );
  });

  it('counts and otherwise ignores what is none of ours', () => {
    fc.assert(
      fc.property(log, place, fc.boolean(), (records, at, isForeign) => {
        const index = Math.floor(at * records.length);
        const event: LogRecord['event'] = isForeign
          ? { type: 'foreign', detail: '' }
          : { type: 'undecodable', claimedType: 'Heartbeat', detail: '' };
        const before = folded(records.slice(0, index + 1));
        const after = folded(withCopy(records, index, { event, profileId: 'p1' }));
        expect(lifecycles(after)).toContain(lifecycles(before).slice(1, -1));
        expect(after.tally.foreign + after.tally.undecodable).toBe(
          before.tally.foreign + before.tally.undecodable + 1,
        );
        expect(after.tally.applied).toBe(before.tally.applied);
      }),
      RUNS,
    );
  });

  it('never lets a token fall, and grants each only once', () => {
    fc.assert(
      fc.property(log, (records) => {
        const state = emptyPartition(0);
        const last = new Map<string, number>();
        for (const record of records) {
          const before = last.get(record.profileId ?? '') ?? 0;
          const effect = evolve(state, record);
          if (record.event.type !== 'LeaseGranted' || effect !== 'applied') continue;
          expect(record.event.token).toBeGreaterThan(before);
          last.set(record.profileId ?? '', record.event.token);
        }
      }),
      RUNS,
    );
  });

  it('goes on from a snapshot as if it had read everything', () => {
    fc.assert(
      fc.property(log, place, (records, at) => {
        const cut = Math.floor(at * records.length);
        const head = folded(records.slice(0, cut));
        const text = JSON.stringify([snapshotOf(head), [...head.profiles.values()].reverse()]);
        const [partition, profiles] = JSON.parse(text) as [PartitionSnapshot, ProfileState[]];
        const resumed = folded(records.slice(cut), fromSnapshot(partition, profiles));
        const whole = folded(records);
        expect(canonicalState(resumed)).toBe(canonicalState(whole));
        expect(resumed).toEqual(whole);
      }),
      RUNS,
    );
  });

  it('counts every record in exactly one column', () => {
    fc.assert(
      fc.property(log, (records) => {
        const { tally } = folded(records);
        const ignored = [...tally.ignored.values()].reduce((sum, count) => sum + count, 0);
        expect(tally.read).toBe(records.length);
        expect(tally.applied + ignored + tally.undecodable + tally.foreign).toBe(records.length);
      }),
      RUNS,
    );
  });

  it('takes no time from any record but a tick', () => {
    fc.assert(
      fc.property(
        log,
        fc.array(fc.integer({ min: -10_000_000, max: 10_000_000 }), { minLength: 1 }),
        (records, shifts) => {
          const shifted = records.map((record, index) =>
            record.event.type === 'ClockTicked'
              ? record
              : { ...record, brokerMs: record.brokerMs + (shifts[index % shifts.length] ?? 0) },
          );
          const withoutDisplay = (text: string): string => text.replaceAll(/"brokerMs":-?\d+/g, '');
          expect(withoutDisplay(canonicalState(folded(shifted)))).toBe(
            withoutDisplay(canonicalState(folded(records))),
          );
        },
      ),
      RUNS,
    );
  });

  it('refuses a record that does not lie behind the last', () => {
    const records = walkedLog(1, 100);
    const state = folded(records);
    const last = records.at(-1);
    if (last === undefined) throw new Error('an empty walk');
    expect(() => evolve(state, last)).toThrow(RangeError);
  });

  it('refuses a snapshot of another fold version', () => {
    expect(() => fromSnapshot({ ...snapshotOf(emptyPartition(0)), foldVersion: 99 }, [])).toThrow(
      /version 99/,
    );
  });
});
