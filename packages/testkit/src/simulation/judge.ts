import {
  emptyPartition,
  evolve,
  type Case,
  type Folded,
  type PartitionState,
  type ProfileState,
} from '@profile-warden/domain';
import { isReportEvent, type LogRecord } from '@profile-warden/events';
import type { MemoryLog } from '../memory/index.ts';
import { Ledger, Violation } from '../walk/ledger.ts';
import { FoldCheck, type LiveState } from './fold-check.ts';
import { changeOf, isAllowed } from './lifecycle.ts';
import { SIM_POLICY } from './sim-policy.ts';

/** A report, and under it every stage stays as it is. */
const MOVED = 'moved the profile';

/** Reads the log from outside as it grows, and holds every record against the invariants by its own books. */
export class Judge {
  readonly states: readonly PartitionState[];
  readonly asked = new Map<string, number>();
  readonly stageChanges = new Map<string, number>();
  recordCount = 0;
  /** The profile whose record broke an invariant; null where none did, or where it is no profile's. */
  blamed: string | null = null;
  readonly #log: MemoryLog;
  readonly #ledgers: readonly Ledger[];
  readonly #decidedOn: ReadonlyMap<string, number>;
  readonly #note: (record: LogRecord, folded: Folded) => void;
  readonly #folds: FoldCheck;
  #isComparisonDue = false;

  /** `decidedOn`: by epoch and event id, what the authority had folded when it decided. */
  constructor(
    log: MemoryLog,
    decidedOn: ReadonlyMap<string, number>,
    note: (record: LogRecord, folded: Folded) => void,
  ) {
    const partitions = Array.from({ length: log.partitionCount }, (_none, partition) => partition);
    this.states = partitions.map((partition) => emptyPartition(partition));
    this.#ledgers = partitions.map(() => new Ledger(SIM_POLICY.suspectAfterMs));
    this.#log = log;
    this.#decidedOn = decidedOn;
    this.#note = note;
    this.#folds = new FoldCheck(log);
  }

  /** Everything committed since the last time. Throws the first violation. */
  look(): void {
    for (const [partition, state] of this.states.entries()) {
      const { records, nextOffset } = this.#log.committed(partition, state.nextOffset);
      for (const record of records) {
        this.blamed = record.profileId;
        this.#enter(record, state, partition);
      }
      this.blamed = null;
      state.nextOffset = nextOffset;
    }
  }

  /** Whether everybody who runs on a fold of the log runs on the same; asked at an interval of records. */
  compare(lives: () => Iterable<LiveState>): void {
    if (!this.#isComparisonDue) return;
    this.#isComparisonDue = false;
    this.#folds.compare(lives());
  }

  /** At the end: the same once more, and everything from the first record on. */
  conclude(lives: Iterable<LiveState>): void {
    this.#folds.compare(lives);
    for (const state of this.states) this.#folds.replay(state);
  }

  cases(): Case[] {
    return this.states.flatMap((state) =>
      [...state.profiles.values()].map((profile) => ({ state, profile, policy: SIM_POLICY })),
    );
  }

  profile(profileId: string): ProfileState | undefined {
    return this.states[this.#log.partitionOf(profileId)]?.profiles.get(profileId);
  }

  /** Highest token granted with effect so far. */
  latestToken(profileId: string): number {
    return this.#ledgers[this.#log.partitionOf(profileId)]?.latestToken(profileId) ?? 0;
  }

  /** Requests that nobody has answered. */
  unanswered(): readonly string[] {
    return [...this.asked]
      .filter(([requestId, partition]) => this.#ledgers[partition]?.answersTo(requestId) !== 1)
      .map(([requestId]) => requestId);
  }

  #enter(record: LogRecord, state: PartitionState, partition: number): void {
    const { event, profileId, id } = record;
    const before = state.profiles.get(profileId ?? '');
    const folded = evolve(state, record);
    this.recordCount += 1;
    this.#note(record, folded);
    if (event.type === 'LeaseRequested') this.asked.set(event.requestId, partition);
    const decidedOn = 'epoch' in event ? (this.#decidedOn.get(`${event.epoch}|${id}`) ?? null) : null;
    this.#ledgers[partition]?.enter(record, folded, state, decidedOn);
    if (this.#folds.take(state)) this.#isComparisonDue = true;
    const after = state.profiles.get(profileId ?? '');
    this.#checkReport(record, before, after);
    this.#checkStage(record, before, after);
  }

  #checkReport(
    { event, offset }: LogRecord,
    before: ProfileState | undefined,
    after: ProfileState | undefined,
  ): void {
    if (!isReportEvent(event.type) || before === undefined) return;
    if (before.stage.kind !== after?.stage.kind || before.token !== after.token)
      throw new Violation('I7', `${event.type} at ${offset} ${MOVED}`);
    if ('token' in event && event.token !== before.token && before.stage !== after.stage)
      throw new Violation('I7', `${event.type} of token ${event.token} at ${offset} ${MOVED}`);
  }

  #checkStage(record: LogRecord, before: ProfileState | undefined, after: ProfileState | undefined): void {
    const [from, to] = [before?.stage.kind ?? 'available', after?.stage.kind ?? 'available'];
    if (from === to) return;
    const change = changeOf(from, to);
    this.stageChanges.set(change, (this.stageChanges.get(change) ?? 0) + 1);
    if (!isAllowed(change))
      throw new Violation('lifecycle', `${record.event.type} at ${record.offset}: ${change}`);
  }
}
