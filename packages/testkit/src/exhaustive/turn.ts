import { isOwned } from '@profile-warden/domain';
import { isReportEvent } from '@profile-warden/events';
import { Violation } from '../walk/ledger.ts';
import type { Model, Step } from './model.ts';
import type { Renaming } from './naming.ts';
import type { Allowance, DatabaseState, Sent, Situation, WorkerState } from './situation.ts';
import { TINY_POLICY } from './tiny-policy.ts';
import { OLDEST_LOG_MS, logShiftOf } from './view.ts';

/** How long a heartbeat lets its worker act, in true time from its sending. */
const ACTING_MS = TINY_POLICY.leaseMs - TINY_POLICY.marginMs;

export interface Appended {
  readonly sent: Sent;
  readonly step: Step;
}

type Pair = [number, number];

const SAME: Renaming = { offsets: null, logMs: 0, oldestLogMs: OLDEST_LOG_MS, brokerMs: 0 };

/** One action on a situation: what it changes is collected here, judged, and given the names of a situation. */
export class Turn {
  readonly model: Model;
  readonly appended: Appended[] = [];
  view: number;
  books: number;
  readonly workers: Pair;
  readonly outboxes: Pair;
  database: number;
  late: readonly number[];
  pending: readonly number[];
  zombie: readonly number[];
  forms: readonly number[];
  allowance: number;
  /** The names this turn's offsets have been given in the situation it led to. */
  renaming: Renaming = SAME;
  /** True time that went by in this turn. */
  passedMs = 0;

  constructor(model: Model, from: Situation) {
    this.model = model;
    this.view = from.view;
    this.books = from.books;
    this.workers = [...from.workers];
    this.outboxes = [...from.outboxes];
    this.database = from.database;
    this.late = from.late;
    this.pending = from.pending;
    this.zombie = from.zombie;
    this.forms = from.forms;
    this.allowance = from.allowance;
  }

  /** The record lands at the end of the log, is judged, and is read by those who read at once. */
  append(sent: number): void {
    const { model } = this;
    const step = model.fold(this.view, sent);
    this.appended.push({ sent: model.sent.value(sent), step });
    const { event } = model.sent.value(sent);
    if (isReportEvent(event.type)) this.#judgeReport(event.type, step);
    if (event.type === 'EvidenceCollected' && step.folded === 'applied') this.#judgeFence(event.token);
    this.view = step.view;
    this.books = model.enter(this.books, sent, step);
    this.#tellWorkers(model.sent.value(sent));
  }

  /** A report may add a reason to move the profile; it never moves it. */
  #judgeReport(type: string, { view }: Step): void {
    const before = this.model.views.value(this.view).profile;
    const after = this.model.views.value(view).profile;
    if (before?.stage.kind !== after?.stage.kind)
      throw new Violation('I7', `${type} made the profile ${String(after?.stage.kind)}`);
    if (before?.token !== after?.token) throw new Violation('I7', `${type} changed the token`);
  }

  /** What the log says of the fence is one thing, what the database does another. */
  #judgeFence(token: number): void {
    const { token: known, isValid } = this.model.databases.value(this.database);
    if (known <= token && isValid) throw new Violation('I9', 'evidence while the database still accepts');
  }

  /**
   * A worker reads at once all that lets it do more; that its lease has ended it reads when it does. Reading what gives
   * leave later than it could is the same as not using the leave, so nothing is lost.
   */
  #tellWorkers({ by, event, ageMs }: Sent): void {
    const profile = this.model.views.value(this.view).profile;
    if (profile === null || !isOwned(profile)) return;
    for (const index of [0, 1] as const) {
      const worker = this.model.workers.value(this.workers[index]);
      if (!worker.isAlive || worker.isRevoked || profile.lease?.incarnation !== incarnationOf(worker.name))
        continue;
      if (worker.token === null) this.setWorker(index, { token: profile.token });
      else if (by === worker.name && event.type === 'Heartbeat') {
        const leftMs = Math.max(worker.leftMs ?? 0, ACTING_MS - ageMs);
        this.setWorker(index, { leftMs: leftMs > 0 ? leftMs : null });
      } else if (by === worker.name && event.type === 'StepStarted')
        this.setWorker(index, { steps: { ...worker.steps, [event.stepId]: 'read-back' } });
    }
  }

  setWorker(index: 0 | 1, change: Partial<WorkerState>): void {
    const { workers } = this.model;
    this.workers[index] = workers.id({ ...workers.value(this.workers[index]), ...change });
  }

  setDatabase(change: Partial<DatabaseState>): void {
    const { databases } = this.model;
    this.database = databases.id({ ...databases.value(this.database), ...change });
  }

  use(what: keyof Allowance): void {
    const { allowances } = this.model;
    const allowance = allowances.value(this.allowance);
    this.allowance = allowances.id({ ...allowance, [what]: allowance[what] - 1 });
  }

  /** True time goes on, for every process alike. */
  pass(ms: number): void {
    const { sent, workers } = this.model;
    this.passedMs += ms;
    for (const index of [0, 1] as const) {
      const { leftMs } = workers.value(this.workers[index]);
      if (leftMs !== null) this.setWorker(index, { leftMs: leftMs > ms ? leftMs - ms : null });
      const waiting = this.outboxes[index];
      const record = waiting < 0 ? null : sent.value(waiting);
      if (record?.event.type === 'Heartbeat')
        this.outboxes[index] = sent.id({ ...record, ageMs: Math.min(ACTING_MS, record.ageMs + ms) });
    }
    this.#renameAll({ ...SAME, brokerMs: -ms });
  }

  /** The situation after the turn. */
  end(): Situation {
    this.#judgeWorkers();
    const logMs = logShiftOf(this.model.views.value(this.view));
    const offsets = this.#liveNames();
    this.renaming = { ...SAME, offsets, logMs };
    if (offsets !== null || logMs !== 0) this.#renameAll(this.renaming);
    const { view, books, workers, outboxes, database, late, pending, zombie, forms, allowance } = this;
    return { view, books, workers, outboxes, database, late, pending, zombie, forms, allowance };
  }

  /** As long as a worker may act, nobody may have been let in after it. */
  #judgeWorkers(): void {
    const latest = this.model.books.value(this.books).token;
    for (const id of this.workers) {
      const worker = this.model.workers.value(id);
      if (mayAct(worker) && worker.token !== null && latest > worker.token)
        throw new Violation('I18', `${worker.name} may act with ${worker.token}, ${latest} was granted`);
    }
  }

  /** New names for the offsets that anybody still speaks of: their ranks. Null where they have them already. */
  #liveNames(): readonly number[] | null {
    const { model } = this;
    const live = [...model.views.offsets(this.view), ...model.books.offsets(this.books)];
    for (const records of [this.outboxes, this.late, this.pending, this.zombie, this.forms])
      for (const record of records) if (record >= 0) live.push(...model.sent.offsets(record));
    live.sort((left, right) => left - right);
    const names: number[] = [];
    let rank = -1;
    let last = -1;
    for (const offset of live) {
      if (offset === last) continue;
      last = offset;
      rank += 1;
      names[offset] = rank;
    }
    return rank === last ? null : names;
  }

  #renameAll(by: Renaming): void {
    const { views, books, sent } = this.model;
    const all = (records: readonly number[]): readonly number[] =>
      records.length === 0 ? records : records.map((record) => sent.rename(record, by));
    this.view = views.rename(this.view, by);
    this.books = books.rename(this.books, by);
    for (const index of [0, 1] as const) {
      const waiting = this.outboxes[index];
      if (waiting >= 0) this.outboxes[index] = sent.rename(waiting, by);
    }
    this.late = [...all(this.late)].sort((left, right) => left - right);
    this.pending = all(this.pending);
    this.zombie = all(this.zombie);
    this.forms = [...all(this.forms)].sort((left, right) => left - right);
  }
}

export const incarnationOf = (name: WorkerState['name']): string => `i-${name}`;

/** The worker's own rule: it has read of its lease, not of its end, and the deadline of its last heartbeat lies ahead. */
export const mayAct = (worker: WorkerState): boolean =>
  worker.isAlive && worker.leftMs !== null && !worker.isRevoked && !worker.hasReleased;
