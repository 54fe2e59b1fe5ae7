import { snapshotOf, type PartitionState } from '@profile-warden/domain';
import type { Appender } from '@profile-warden/events';
import type { MemoryLog, ProcessClock } from '@profile-warden/testkit/memory';
import type { PartitionSnapshot } from '@profile-warden/domain';
import { appendingOpener } from '../runtime/appending.ts';
import type { Opener } from '../runtime/duty.ts';
import type { Bench } from '../runtime/runtime.fixture.ts';
import { type Running, fencing } from '../runtime/runtime.fixture.ts';
import type { RuntimeSignal } from '../runtime/signals.ts';
import { restoring } from './restore.ts';
import type { LoadOptions, LogProbe, SnapshotSource, StoredSnapshot } from './snapshot-source.ts';

/** A state as the projector stores it, through JSON and back. */
export const stored = (
  state: PartitionState,
  change: { readonly state?: Partial<PartitionSnapshot>; readonly row?: Partial<StoredSnapshot> } = {},
): StoredSnapshot => ({
  nextOffset: state.nextOffset,
  foldVersion: state.foldVersion,
  state: JSON.parse(JSON.stringify({ ...snapshotOf(state), ...change.state })),
  profiles: JSON.parse(JSON.stringify([...state.profiles.values()])) as unknown[],
  ...change.row,
});

/** Stored snapshots as a spec wants them to be found. */
export const found = (
  load: (options: LoadOptions) => StoredSnapshot | null | Promise<StoredSnapshot | null>,
): SnapshotSource => ({ load: async (_partition, options) => load(options) });

/** A log may have lost its beginning, which the one in memory cannot: records before `start` are hidden. */
const probeOf = (log: MemoryLog, start = 0): LogProbe => ({
  recordFrom: (partition, offset) =>
    Promise.resolve(offset < start ? null : (log.committed(partition, offset).records[0] ?? null)),
});

export interface Restored extends Running {
  /** What the restore itself has told, apart from the runtime. */
  readonly told: readonly RuntimeSignal[];
}

export interface RestoreAbout {
  readonly source: SnapshotSource | null;
  /** First offset that the log still has. */
  readonly start?: number;
  /** What the partition is opened by, before the snapshot is read. Default: plain appends. */
  readonly base?: (process: ProcessClock, appender: Appender) => Opener;
  readonly loadMsMax?: number;
  readonly trustsEmptiedLog?: boolean;
}

/** A projector-like service that restores as it is told. */
export const startRestored = async (bench: Bench, about: RestoreAbout): Promise<Restored> => {
  const process = bench.clock.process();
  const told: RuntimeSignal[] = [];
  const appender = bench.log.appender(process);
  const base = about.base?.(process, appender) ?? appendingOpener(appender);
  const { start = 0, source } = about;
  const opener = restoring((partition, range, state, signal) => base(partition, range, state, signal), {
    source,
    probe: probeOf(bench.log, start),
    clock: process,
    onSignal: (signal) => told.push(signal),
    trustsEmptiedLog: about.trustsEmptiedLog ?? false,
    ...(about.loadMsMax === undefined ? {} : { loadMsMax: about.loadMsMax }),
  });
  const running = await bench.start(fencing(), {
    process,
    opener: (partition, range, state, signal) => opener(partition, { ...range, start }, state, signal),
  });
  return { ...running, told };
};
