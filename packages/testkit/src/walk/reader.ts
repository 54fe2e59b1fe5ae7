import {
  emptyPartition,
  evolve,
  fromSnapshot,
  snapshotOf,
  type Folded,
  type PartitionSnapshot,
  type PartitionState,
  type ProfileState,
} from '@profile-warden/domain';
import type { LogRecord } from '@profile-warden/events';
import type { Random } from './random.ts';

/** A service's own fold, as far behind the end of the log as it happens to be. */
export class Reader {
  state: PartitionState = emptyPartition(0);
  #cursor = 0;
  readonly #log: readonly LogRecord[];

  constructor(log: readonly LogRecord[]) {
    this.#log = log;
  }

  get isAtEnd(): boolean {
    return this.#cursor === this.#log.length;
  }

  /** Offset, inclusive, of the last record folded. */
  get basedOn(): number {
    return this.state.nextOffset - 1;
  }

  profile(profileId: string): ProfileState | undefined {
    return this.state.profiles.get(profileId);
  }

  advance(count = Infinity, seen?: (record: LogRecord, folded: Folded) => void): void {
    for (let read = 0; read < count; read += 1) {
      const record = this.#log[this.#cursor];
      if (record === undefined) return;
      this.#cursor += 1;
      const folded = evolve(this.state, record);
      seen?.(record, folded);
    }
  }

  /** A restart: from another's state by way of JSON, or with nothing. */
  restart(from: Reader | null): void {
    if (from === null) {
      this.state = emptyPartition(0);
      this.#cursor = 0;
      return;
    }
    const text = JSON.stringify({
      partition: snapshotOf(from.state),
      profiles: [...from.state.profiles.values()],
    });
    const kept = JSON.parse(text) as { partition: PartitionSnapshot; profiles: ProfileState[] };
    this.state = fromSnapshot(kept.partition, kept.profiles);
    this.#cursor = from.#cursor;
  }
}

/** How many records somebody reads before its next move. */
export const lag = ({ random }: { readonly random: Random }, reader: Reader): number => {
  if (reader.isAtEnd) return 0;
  return random.chance(0.6) ? Infinity : random.whole(8);
};
