import { emptyPartition, evolve, fenceRowOf, snapshotOf, type PartitionState } from '@profile-warden/domain';
import type { LogRecord } from '@profile-warden/events';
import { SnapshotHash } from '@profile-warden/postgres';
import type { MemoryLog } from '../../memory/index.ts';
import { Violation } from '../../walk/ledger.ts';
import type { FenceDatabase } from './fence-tables.ts';
import type { ReadDatabase } from './read-model.ts';

/** Records of a partition between two comparisons of its rows. */
const EVERY_RECORDS = 50;
const UNARCHIVED: ReadonlySet<string> = new Set(['Heartbeat', 'ClockTicked']);

interface Expected {
  readonly token: number;
  readonly valid: boolean;
}

/**
 * I13 from outside: read model and fence rows against a fold of their own. `note` takes in every record once it was
 * folded at the end of the log; the rows of the read model are older, so for them the log is folded again behind it.
 */
export class ProjectionCheck {
  readonly #log: MemoryLog;
  readonly #readModel: ReadDatabase;
  readonly #targets: readonly FenceDatabase[];
  readonly #behind = new Map<number, PartitionState>();
  readonly #expected = new Map<string, Map<number, Expected>>();
  comparedCount = 0;

  constructor(log: MemoryLog, readModel: ReadDatabase, targets: readonly FenceDatabase[]) {
    this.#log = log;
    this.#readModel = readModel;
    this.#targets = targets;
  }

  /** What a fence row must say whose offset is this record's. */
  note({ profileId }: LogRecord, state: PartitionState): void {
    const profile = profileId === null ? undefined : state.profiles.get(profileId);
    const row = profile === undefined ? null : fenceRowOf(profile);
    if (row === null) return;
    const rows = this.#expected.get(row.profileId) ?? new Map<number, Expected>();
    if (!rows.has(row.offset)) rows.set(row.offset, row);
    this.#expected.set(row.profileId, rows);
  }

  /** Everything noted so far must have been folded up to the end of the log. */
  check(): void {
    for (const [partition, { nextOffset }] of this.#readModel.tables.positions) {
      const checked = this.#behind.get(partition)?.nextOffset ?? 0;
      if (nextOffset >= checked + EVERY_RECORDS || nextOffset < checked) this.#compareRows(partition);
    }
    for (const target of this.#targets) this.#compareFences(target);
  }

  /** Nothing is left to be carried over: rows and fences are those of the end of the log. */
  checkEnd(states: readonly PartitionState[]): void {
    this.check();
    for (const { partition, nextOffset, profiles } of states) {
      const position = this.#readModel.tables.positions.get(partition);
      if (position?.nextOffset !== nextOffset)
        throw new Violation('I16', `the read model stands at ${position?.nextOffset ?? 0} of ${nextOffset}`);
      this.#compareRows(partition);
      for (const { name, tables, identity } of this.#targets) {
        if (tables.confirmedIdentity !== identity) throw new Violation('I16', `${name} is not confirmed`);
        for (const profile of profiles.values()) {
          const [row, should] = [tables.fence.get(profile.profileId), fenceRowOf(profile)];
          if (row?.token !== should?.token || row?.valid !== should?.valid)
            throw new Violation('I16', `${name} has not caught up with ${profile.profileId}`);
        }
      }
    }
  }

  #compareFences({ name, tables }: FenceDatabase): void {
    for (const [profileId, { token, valid, offset }] of tables.fence) {
      const should = this.#expected.get(profileId)?.get(offset);
      if (should?.token !== token || should.valid !== valid)
        throw new Violation(
          'I13',
          `${name} says ${token} ${valid} of ${profileId} at ${offset}, not ${JSON.stringify(should)}`,
        );
    }
    for (const [profileId, { token, offset }] of tables.revocation) {
      const at = this.#expected.get(profileId)?.get(offset);
      if (at === undefined || token > at.token || (token === at.token && at.valid))
        throw new Violation('I13', `${name} marks ${token} of ${profileId} by ${JSON.stringify(at)}`);
    }
  }

  #compareRows(partition: number): void {
    const { positions, profiles, archived, cases } = this.#readModel.tables;
    const position = positions.get(partition);
    if (position === undefined) return;
    const state = this.#foldTo(partition, position.nextOffset, archived);
    this.comparedCount += 1;
    const differs = (what: string): Violation =>
      new Violation('I13', `${what} of partition ${partition} is not the fold at ${position.nextOffset}`);
    if (position.state !== JSON.stringify(snapshotOf(state))) throw differs('the snapshot');
    const hash = new SnapshotHash();
    const stored = [...profiles.values()].filter((row) => row.partition === partition);
    if (stored.length !== state.profiles.size) throw differs('the number of profiles');
    for (const row of stored) {
      const profile = state.profiles.get(row.profileId);
      if (row.state !== JSON.stringify(profile)) throw differs(row.profileId);
      hash.set(row.profileId, row.state);
      if (profile !== undefined && profile.round > 0)
        if (!cases.has(`${profile.profileId}/${profile.token}/${profile.round}`)) throw differs('a case');
    }
    if (position.hash !== hash.digest(position.state)) throw differs('the hash');
  }

  #foldTo(partition: number, nextOffset: number, archived: ReadonlySet<string>): PartitionState {
    const known = this.#behind.get(partition);
    const state = known === undefined || known.nextOffset > nextOffset ? emptyPartition(partition) : known;
    this.#behind.set(partition, state);
    const { records } = this.#log.partition(partition).read(state.nextOffset, nextOffset - state.nextOffset);
    for (const record of records) {
      evolve(state, record);
      if (!UNARCHIVED.has(record.event.type) && !archived.has(`${partition}/${record.offset}`))
        throw new Violation('I13', `${record.event.type} at ${record.offset} is not in the archive`);
    }
    state.nextOffset = nextOffset;
    return state;
  }
}
