import { createHash } from 'node:crypto';
import { canonicalState, emptyPartition, foldRecord } from '@profile-warden/domain';
import type { ServiceHandle } from '@profile-warden/devstack';
import type { LogRecord } from '@profile-warden/events';
import { expect } from 'vitest';
import { statesOf } from './service-view.fixture.ts';

const BOUND_MS = 30_000;

/** By service, its hash at one offset of one partition. */
type Hashes = Map<string, string>;

interface Agreement {
  readonly nextOffset: number;
  readonly hashes: Hashes;
}

/** For each partition an offset at which every service was seen; they come past the same ones at other moments. */
const meetings = async (
  services: readonly ServiceHandle[],
  partitionCount: number,
): Promise<ReadonlyMap<number, Agreement>> => {
  const seen = new Map<string, Hashes>();
  const met = new Map<number, Agreement>();
  const untilMs = performance.now() + BOUND_MS;
  while (met.size < partitionCount) {
    const told = await Promise.all(services.map(async (one) => [one.name, await statesOf(one)] as const));
    for (const [name, states] of told)
      for (const { partition, nextOffset, hash } of states) {
        const at = `${partition}/${nextOffset}`;
        const hashes = (seen.get(at) ?? new Map<string, string>()).set(name, hash);
        seen.set(at, hashes);
        if (hashes.size === services.length) met.set(partition, { nextOffset, hashes });
      }
    if (performance.now() > untilMs)
      throw new Error(`the services were not seen at one offset of each partition within ${BOUND_MS} ms`);
  }
  return met;
};

const hashAt = (partition: number, records: readonly LogRecord[], nextOffset: number): string => {
  const state = emptyPartition(partition);
  for (const record of records) if (record.offset < nextOffset) foldRecord(state, record);
  state.nextOffset = Math.max(state.nextOffset, nextOffset);
  return createHash('sha256').update(canonicalState(state)).digest('hex');
};

/** I12 from outside: at the same offset every service has the state that the records of an independent reader give. */
export const expectSameStates = async (
  services: readonly ServiceHandle[],
  partitionCount: number,
  readAll: () => Promise<ReadonlyMap<number, readonly LogRecord[]>>,
): Promise<void> => {
  const met = await meetings(services, partitionCount);
  const records = await readAll();
  for (const [partition, { nextOffset, hashes }] of met) {
    const expected = hashAt(partition, records.get(partition) ?? [], nextOffset);
    const same = new Map(services.map(({ name }) => [name, expected]));
    expect(hashes, `partition ${partition} at offset ${nextOffset}`).toEqual(same);
  }
};
