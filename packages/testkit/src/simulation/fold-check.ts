import {
  canonicalState,
  emptyPartition,
  evolve,
  fromSnapshot,
  snapshotOf,
  type PartitionSnapshot,
  type PartitionState,
  type ProfileState,
} from '@profile-warden/domain';
import type { MemoryLog } from '../memory/index.ts';
import { Violation } from '../walk/ledger.ts';
import { differenceOf } from './difference.ts';
import { copyOf } from './folded-copy.ts';

/** Records of a partition between two snapshots. */
const SNAPSHOT_EVERY = 50;

/** A state that somebody runs on, and how to speak of it. */
export interface LiveState {
  readonly name: string;
  readonly state: PartitionState;
}

interface Snapshot {
  readonly nextOffset: number;
  readonly text: string;
  /** The same as it was before it became text: where many references are needed, reading the text costs too much. */
  readonly state: PartitionState;
}

interface Shelf {
  readonly snapshots: Snapshot[];
  recordCount: number;
}

const taken = (state: PartitionState): Snapshot => ({
  nextOffset: state.nextOffset,
  text: JSON.stringify({ partition: snapshotOf(state), profiles: [...state.profiles.values()] }),
  state: copyOf(state),
});

const restored = ({ text }: Snapshot): PartitionState => {
  const { partition, profiles } = JSON.parse(text) as {
    readonly partition: PartitionSnapshot;
    readonly profiles: readonly ProfileState[];
  };
  return fromSnapshot(partition, profiles);
};

/**
 * I12 and I14: a state restored from a snapshot that went through JSON, and the records behind it, give what everybody
 * runs on, wherever he stands; and so do all the records from the first on.
 */
export class FoldCheck {
  readonly #log: MemoryLog;
  readonly #shelves: readonly Shelf[];

  constructor(log: MemoryLog) {
    this.#log = log;
    this.#shelves = Array.from({ length: log.partitionCount }, (_none, partition) => ({
      snapshots: [taken(emptyPartition(partition))],
      recordCount: 0,
    }));
  }

  /** A record was folded into the state. True where a snapshot was due, and taken; then `compare` is due. */
  take(state: PartitionState): boolean {
    const shelf = this.#shelf(state.partition);
    shelf.recordCount += 1;
    if (shelf.recordCount % SNAPSHOT_EVERY !== 0) return false;
    // Against the one before it: else a snapshot that has lost something would be compared with itself.
    const reference = restored(this.#snapshotAt(state.partition, state.nextOffset));
    this.#foldUpTo(reference, state.nextOffset);
    this.#expectSame('the live state', state, reference);
    shelf.snapshots.push(taken(state));
    return true;
  }

  /** Each as far as it has come. */
  compare(lives: Iterable<LiveState>): void {
    const references = new Map<string, PartitionState>();
    for (const { name, state } of lives) {
      const key = `${state.partition}/${state.nextOffset}`;
      let reference = references.get(key);
      if (reference === undefined) {
        reference = copyOf(this.#snapshotAt(state.partition, state.nextOffset).state);
        this.#foldUpTo(reference, state.nextOffset);
        references.set(key, reference);
      }
      this.#expectSame(name, state, reference);
    }
  }

  /** A replay of everything, from nothing. */
  replay(state: PartitionState): void {
    const replayed = emptyPartition(state.partition);
    this.#foldUpTo(replayed, state.nextOffset);
    if (canonicalState(replayed) !== canonicalState(state))
      throw new Violation('I14', `a replay gives another state: ${differenceOf(state, replayed) ?? ''}`);
  }

  #snapshotAt(partition: number, nextOffset: number): Snapshot {
    const snapshot = this.#shelf(partition).snapshots.findLast((one) => one.nextOffset <= nextOffset);
    if (snapshot === undefined) throw new RangeError(`no snapshot at or before ${nextOffset}`);
    return snapshot;
  }

  #foldUpTo(state: PartitionState, nextOffset: number): void {
    for (const record of this.#log.committed(state.partition, state.nextOffset).records) {
      if (record.offset >= nextOffset) break;
      evolve(state, record);
    }
    state.nextOffset = nextOffset;
  }

  #expectSame(name: string, live: PartitionState, reference: PartitionState): void {
    const difference = differenceOf(live, reference);
    if (difference !== null)
      throw new Violation(
        'I12',
        `${name} at ${live.nextOffset} of partition ${live.partition} is another: ${difference}`,
      );
  }

  #shelf(partition: number): Shelf {
    const shelf = this.#shelves[partition];
    if (shelf === undefined) throw new RangeError(`there is no partition ${partition}`);
    return shelf;
  }
}
