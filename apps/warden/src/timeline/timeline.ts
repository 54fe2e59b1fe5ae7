import { isEffective, type FoldedRecord } from '@profile-warden/domain';
import type { RecordBody } from '@profile-warden/events';
import { logTime, utc } from '../format/time.ts';
import { eventText, tokenOfEvent } from './event-text.ts';
import { IGNORED_BECAUSE, isIgnoredReason } from './ignored-reason.ts';

export interface TimelineEntry {
  readonly offset: number;
  readonly brokerMs: number;
  /** The same, UTC. */
  readonly at: string;
  readonly logMs: number;
  readonly token: number | null;
  readonly type: string;
  readonly text: string;
  /** What the fold made of it: `applied`, or why it changed nothing; `late` after the end of its lease. */
  readonly folded: string;
  /** The stage it brought the profile into, null where it stayed. */
  readonly stage: string | null;
  /** Heartbeats that this entry stands for, 1 for everything else. */
  readonly count: number;
  readonly firstOffset: number;
  readonly id: string;
  readonly event: RecordBody;
}

/**
 * The events of one profile as they come by, and of the whole partition those that touch it. Heartbeats in a row that
 * the fold treated alike become one entry.
 */
export class Timeline {
  readonly #profileId: string;
  readonly #isWhole: boolean;
  readonly #emit: (entry: TimelineEntry) => void;
  #beats: TimelineEntry | null = null;

  constructor(
    profileId: string,
    options: { readonly all: boolean; readonly onEntry: (entry: TimelineEntry) => void },
  ) {
    this.#profileId = profileId;
    this.#isWhole = options.all;
    this.#emit = options.onEntry;
  }

  take(step: FoldedRecord): void {
    if (!this.#isAbout(step)) return;
    const entry = entryOf(step);
    const isPlainBeat = !this.#isWhole && entry.type === 'Heartbeat' && entry.stage === null;
    if (!isPlainBeat) {
      this.flush();
      this.#emit(entry);
      return;
    }
    const open = this.#beats;
    if (open !== null && (open.token !== entry.token || open.folded !== entry.folded)) this.flush();
    const { count, firstOffset } = this.#beats ?? { count: 0, firstOffset: entry.offset };
    this.#beats = { ...entry, count: count + 1, firstOffset };
  }

  /** Call it at the end: the last heartbeats may still be held back. */
  flush(): void {
    const beats = this.#beats;
    this.#beats = null;
    if (beats !== null) this.#emit(beats);
  }

  #isAbout({ record, state }: FoldedRecord): boolean {
    if (record.profileId !== null) return record.profileId === this.#profileId;
    const lease = state.profiles.get(this.#profileId)?.lease ?? null;
    if (lease === null) return false;
    const { event } = record;
    if (event.type === 'WorkerStarted') return event.workerId === lease.workerId;
    return event.type === 'HostReported' && event.hostId === lease.hostId;
  }
}

const entryOf = ({ record, folded, before, after, state }: FoldedRecord): TimelineEntry => {
  const isLate = (after?.pulse?.lateReportCount ?? 0) > (before?.pulse?.lateReportCount ?? 0);
  const stage = after?.stage.kind ?? null;
  return {
    offset: record.offset,
    brokerMs: record.brokerMs,
    at: utc(record.brokerMs),
    logMs: state.logMs,
    token: tokenOfEvent(record.event),
    type: record.event.type,
    text: eventText(record.event),
    folded: isLate ? 'late' : isEffective(folded) ? 'applied' : folded,
    stage: stage === (before?.stage.kind ?? 'available') ? null : stage,
    count: 1,
    firstOffset: record.offset,
    id: record.id,
    event: record.event,
  };
};

export const timelineLine = (entry: TimelineEntry): string => {
  const { count, offset, folded, stage } = entry;
  const what = count > 1 ? `… ${count} heartbeats, last at offset ${offset}` : `${entry.type}: ${entry.text}`;
  return (
    `${String(offset).padStart(8)}  ${entry.at}  ${logTime(entry.logMs)}  ` +
    `${(entry.token === null ? '-' : `t${entry.token}`).padEnd(4)} ${what}` +
    (stage === null ? '' : `  → ${stage}`) +
    markOf(folded)
  );
};

const markOf = (folded: string): string => {
  if (folded === 'applied') return '';
  if (folded === 'late') return '  [late: its lease had ended]';
  return isIgnoredReason(folded) ? `  [ignored, ${folded}: ${IGNORED_BECAUSE[folded]}]` : `  [${folded}]`;
};
