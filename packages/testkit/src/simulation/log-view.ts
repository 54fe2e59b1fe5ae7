import { emptyPartition, evolve, type PartitionState, type ProfileState } from '@profile-warden/domain';
import type { LogListener, LogRecord } from '@profile-warden/events';
import { copyOf } from './folded-copy.ts';
import type { MemoryLog, ProcessClock } from '../memory/index.ts';

/**
 * The whole topic as one process outside the services knows it: folded as far as it has read. It begins where somebody
 * else stands, as from a snapshot, and goes on at its own pace.
 */
export class LogView implements LogListener {
  readonly #log: MemoryLog;
  readonly #states: readonly PartitionState[];
  readonly #seen: (record: LogRecord) => void;

  constructor(
    log: MemoryLog,
    process: ProcessClock,
    seen: (record: LogRecord) => void = () => undefined,
    start: readonly PartitionState[] = [],
  ) {
    this.#log = log;
    this.#seen = seen;
    const partitions = Array.from({ length: log.partitionCount }, (_none, partition) => partition);
    this.#states = partitions.map((partition) => {
      const known = start[partition];
      return known === undefined ? emptyPartition(partition) : copyOf(known);
    });
    void log.reader(process, { partitions }).start(this);
  }

  profile(profileId: string): ProfileState | undefined {
    return this.#states[this.#log.partitionOf(profileId)]?.profiles.get(profileId);
  }

  /** Offset, inclusive, up to which the profile's partition was read. */
  basedOn(profileId: string): number {
    return (this.#states[this.#log.partitionOf(profileId)]?.nextOffset ?? 0) - 1;
  }

  assigned(partition: number): Promise<{ from: number }> {
    return Promise.resolve({ from: this.#states[partition]?.nextOffset ?? 0 });
  }

  revoked(): void {
    // Given by hand, never taken away.
  }

  records(partition: number, records: readonly LogRecord[], nextOffset: number): Promise<void> {
    const state = this.#states[partition];
    if (state === undefined) return Promise.resolve();
    for (const record of records) {
      evolve(state, record);
      this.#seen(record);
    }
    state.nextOffset = nextOffset;
    return Promise.resolve();
  }
}
