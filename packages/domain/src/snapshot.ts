import { FOLD_VERSION } from './bounds.ts';
import type { HostState, PartitionState, ProfileState, WorkerState } from './state.ts';

/** A partition's state as plain JSON, profiles apart so that they can be kept as rows. */
export interface PartitionSnapshot {
  readonly partition: number;
  readonly foldVersion: number;
  readonly nextOffset: number;
  readonly logMs: number;
  readonly lastTick: PartitionState['lastTick'];
  readonly epoch: number;
  readonly firstRecordId: string | null;
  readonly lastRecord: PartitionState['lastRecord'];
  readonly massSilence: PartitionState['massSilence'];
  readonly hosts: readonly (readonly [string, HostState])[];
  readonly workers: readonly (readonly [string, WorkerState])[];
  readonly tally: {
    readonly read: number;
    readonly applied: number;
    readonly undecodable: number;
    readonly foreign: number;
    readonly ignored: readonly (readonly [string, number])[];
  };
}

const sorted = <V>(map: ReadonlyMap<string, V>): [string, V][] =>
  [...map.entries()].sort(([left], [right]) => (left < right ? -1 : left > right ? 1 : 0));

export const snapshotOf = (state: PartitionState): PartitionSnapshot => ({
  partition: state.partition,
  foldVersion: state.foldVersion,
  nextOffset: state.nextOffset,
  logMs: state.logMs,
  lastTick: state.lastTick,
  epoch: state.epoch,
  firstRecordId: state.firstRecordId,
  lastRecord: state.lastRecord,
  massSilence: state.massSilence,
  hosts: sorted(state.hosts),
  workers: sorted(state.workers),
  tally: { ...state.tally, ignored: sorted(state.tally.ignored) },
});

export const fromSnapshot = (
  snapshot: PartitionSnapshot,
  profiles: Iterable<ProfileState>,
): PartitionState => {
  if (snapshot.foldVersion !== FOLD_VERSION)
    throw new RangeError(
      `the snapshot was folded by version ${snapshot.foldVersion}, this is ${FOLD_VERSION}`,
    );
  const { hosts, workers, tally, ...rest } = snapshot;
  return {
    ...rest,
    hosts: new Map(hosts),
    workers: new Map(workers),
    tally: { ...tally, ignored: new Map(tally.ignored) },
    profiles: new Map([...profiles].map((profile) => [profile.profileId, profile])),
  };
};

/** The same state always gives the same text, whatever order its parts were put in; hash this to compare states. */
export const canonicalState = (state: PartitionState): string =>
  canonicalJson({ ...snapshotOf(state), profiles: sorted(state.profiles).map(([, profile]) => profile) });

/** JSON with the keys of every object in order. */
export const canonicalJson = (value: unknown): string =>
  JSON.stringify(value, (_key, inner: unknown) =>
    inner !== null && typeof inner === 'object' && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([left], [right]) => (left < right ? -1 : 1)))
      : inner,
  );
