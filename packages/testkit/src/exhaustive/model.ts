import type { AuthorityDecision, Case, Folded } from '@profile-warden/domain';
import { isKeylessEvent, type EventOf, type WardenEvent } from '@profile-warden/events';
import { evidence, findings } from '../spec/index.ts';
import { EMPTY_BOOKS, enter, type Books } from './books.ts';
import { DOMAIN_RULES, type Rules } from './rules.ts';
import type { Allowance, DatabaseState, Sent, WorkerState } from './situation.ts';
import { Table } from './table.ts';
import { TINY_POLICY } from './tiny-policy.ts';
import { PROFILE_ID, partitionOf, viewOf, type View } from './view.ts';

/** What a record did to a view. */
export interface Step {
  readonly view: number;
  readonly folded: Folded;
  readonly offset: number;
}

/** What a look may find of the holder. */
export type Sight = 'alive' | 'gone' | 'nothing';

const SIGHTS = {
  alive: findings({ workerAlive: 'yes', browserAlive: 'yes' }),
  gone: findings(),
  nothing: findings({ workerAlive: 'unknown', browserAlive: 'unknown', sameBoot: 'unknown' }),
} as const;

/**
 * The decision code over numbered values: what a record does to a view and what a view owes is computed once and then
 * looked up, which is what makes millions of situations affordable.
 */
export class Model {
  readonly rules: Rules;
  readonly views = new Table<View>();
  readonly books = new Table<Books>();
  readonly sent = new Table<Sent>();
  readonly workers = new Table<WorkerState>();
  readonly databases = new Table<DatabaseState>();
  readonly allowances = new Table<Allowance>();
  /** What has come about anywhere: stages, rules, causes, ignored reasons. */
  readonly seen = new Map<string, Set<string>>();
  readonly #steps = new Map<string, Step>();
  readonly #entries = new Map<string, number>();
  readonly #owed = new Map<string, readonly number[]>();

  constructor(rules: Rules = DOMAIN_RULES) {
    this.rules = rules;
    this.books.id(EMPTY_BOOKS);
  }

  note(kind: string, what: string): void {
    const known = this.seen.get(kind) ?? new Set();
    this.seen.set(kind, known.add(what));
  }

  /** What appending the record does. Broker time is told from now, so a tick has it 0. */
  fold(view: number, sent: number): Step {
    const key = `${view}+${sent}`;
    let step = this.#steps.get(key);
    if (step === undefined) {
      step = this.#folded(view, this.sent.value(sent).event);
      this.#steps.set(key, step);
    }
    return step;
  }

  #folded(view: number, event: WardenEvent): Step {
    const before = this.views.value(view);
    const state = partitionOf(before);
    const offset = before.lastOffset + 1;
    const profileId = isKeylessEvent(event.type) ? null : PROFILE_ID;
    const folded = this.rules.evolve(state, { partition: 0, offset, brokerMs: 0, profileId, id: 'x', event });
    const after = viewOf(state);
    this.note('stages', after.profile?.stage.kind ?? 'available');
    const isEffective = folded === 'applied' || folded === 'beat';
    if (!isEffective) this.note('ignored', folded);
    else {
      this.note('events', event.type);
      if (event.type === 'Decided') this.note('rules', event.rule);
      if (event.type === 'Quarantined') this.note('causes', event.cause);
    }
    return { view: this.views.id(after), folded, offset };
  }

  /** The books after the record. */
  enter(books: number, sent: number, { folded, offset }: Step): number {
    const key = `${books}+${sent}+${folded}+${offset}`;
    let after = this.#entries.get(key);
    if (after === undefined) {
      const { event, decidedOn } = this.sent.value(sent);
      after = this.books.id(enter(this.books.value(books), { event, offset, folded, decidedOn }));
      this.#entries.set(key, after);
    }
    return after;
  }

  caseOf(view: number): Case | null {
    const state = partitionOf(this.views.value(view));
    const profile = state.profiles.get(PROFILE_ID);
    return profile === undefined ? null : { state, profile, policy: TINY_POLICY };
  }

  /** Records that a service owes by the view. */
  owed(by: 'authority' | 'detector' | 'decider', view: number): readonly number[] {
    return this.#once(`${by}@${view}`, view, (one) => {
      if (by === 'authority')
        return this.rules.owedByAuthority(one).map((decision) => this.#stamped(view, decision));
      const event = by === 'detector' ? this.rules.owedByDetector(one) : this.rules.owedByDecider(one);
      return event === null ? [] : [this.record(by, event)];
    });
  }

  /** The evidence that is due by the view, with what the look found; none where no look is due. */
  look(view: number, sight: Sight): readonly number[] {
    return this.#once(`look ${sight}@${view}`, view, (one) => {
      const due = this.rules.owedByCollector(one);
      if (due === null) return [];
      const { token, round, attempt, isLast } = due;
      const basedOn = one.state.nextOffset - 1;
      const found = SIGHTS[sight];
      const isGone =
        this.rules.holderVerdict(one.state, one.profile, { basedOn, findings: found }) === 'gone';
      const about = { token, round, attempt, complete: isLast || isGone, findings: found };
      return [this.record('collector', evidence(basedOn, about))];
    });
  }

  /** Confirmations that the projector owes by the view. */
  fences(view: number): readonly number[] {
    return this.#once(`fences@${view}`, view, ({ profile }) =>
      this.rules.owedByProjector(profile).map((target) =>
        this.record('projector', {
          type: 'FenceConfirmed',
          token: profile.token,
          target,
          databaseIncarnation: 'db1',
        }),
      ),
    );
  }

  #once(key: string, view: number, owed: (one: Case) => readonly number[]): readonly number[] {
    let known = this.#owed.get(key);
    if (known === undefined) {
      const one = this.caseOf(view);
      known = one === null ? [] : owed(one);
      this.#owed.set(key, known);
    }
    return known;
  }

  #stamped(view: number, decision: AuthorityDecision): number {
    const { epoch, lastOffset } = this.views.value(view);
    return this.sent.id({ by: 'authority', event: { ...decision, epoch }, decidedOn: lastOffset, ageMs: 0 });
  }

  record(by: Sent['by'], event: WardenEvent, ageMs = 0): number {
    return this.sent.id({ by, event, decidedOn: null, ageMs });
  }

  eventOf<K extends WardenEvent['type']>(sent: number, type: K): EventOf<K> | null {
    const { event } = this.sent.value(sent);
    return isOfType(event, type) ? event : null;
  }
}

const isOfType = <K extends WardenEvent['type']>(
  event: WardenEvent,
  type: K,
): event is EventOf<K> & WardenEvent => event.type === type;
