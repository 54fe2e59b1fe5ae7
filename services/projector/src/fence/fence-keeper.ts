import type { PartitionState } from '@profile-warden/domain';
import type { Clock } from '@profile-warden/events';
import { isRefusedStatement, type FenceChange, type Progress } from '@profile-warden/postgres';
import type { OnProjectorSignal } from '../signals.ts';
import { Confirmations } from './confirmations.ts';
import type { FenceGateway } from './gateway.ts';
import { FenceLedger, markOf } from './ledger.ts';
import { LogGoals, type LogEnd } from './log-goals.ts';
import { WaitingLane } from './waiting-lane.ts';

export interface FenceKeeperOptions {
  readonly target: string;
  readonly gateway: FenceGateway;
  readonly logEnd: LogEnd;
  readonly partitionCount: number;
  readonly clock: Clock;
  readonly onSignal: OnProjectorSignal;
}

interface OpenPartition {
  readonly state: PartitionState;
  isLoaded: boolean;
  reportedOffset: number;
}

const CHANGES_PER_TRANSACTION_MAX = 500;
const REPORT_EVERY_MS = 250;
const BLOCKED_PAUSE_MS = 100;
const IDLE_MS = 1_000;
const RETRY_FIRST_MS = 200;
const RETRY_MAX_MS = 5_000;

/**
 * Keeps one fence target saying what the fold says.
 *
 * *away*: not reached yet, or lost; tried again with growing pauses → *met*: its identity is known; for each open partition
 * its rows are read once and compared with the fold → from then on it is told each change, in short transactions that wait
 * for no writer; a row that a writer holds goes to the waiting lane and holds up nobody else. How far the fold has come it
 * is told once the broker has said where the log ends. When the identity changes (failover, restore), everything known is
 * forgotten, that end too, and the rows are compared again.
 */
export class FenceKeeper {
  readonly target: string;
  readonly #options: FenceKeeperOptions;
  readonly #partitions = new Map<number, OpenPartition>();
  readonly #ledger = new FenceLedger();
  readonly #confirmations = new Confirmations();
  readonly #lane: WaitingLane;
  readonly #goals: LogGoals;
  readonly #marked = new Map<string, FenceChange>();
  #incarnation: string | null = null;
  #isUp = false;
  #reportedAt = -Infinity;
  #askedAt = -Infinity;
  #nudge: AbortController | null = null;

  constructor(options: FenceKeeperOptions) {
    this.#options = options;
    this.target = options.target;
    this.#goals = new LogGoals(options.logEnd, options.clock, () => this.#wake());
    this.#lane = new WaitingLane({
      ...options,
      onSet: async (change, met) => {
        if (this.#isStill(await options.gateway.incarnation(), met)) this.#settle([change]);
      },
      onIdle: () => this.#wake(),
    });
  }

  /** The partition is live: from here on the target follows its fold. */
  open(state: PartitionState): void {
    this.#partitions.set(state.partition, { state, isLoaded: false, reportedOffset: -1 });
    this.#wake();
  }

  close(partition: number): void {
    this.#partitions.delete(partition);
    this.#goals.forget(partition);
    this.#ledger.close(partition);
  }

  /** These profiles were touched by what was folded. Must be called before anything is awaited after the fold. */
  changed(partition: number, profileIds: Iterable<string>): void {
    const open = this.#partitions.get(partition);
    // Until the rows are read nothing can be compared; the comparison that follows looks at every profile.
    if (open?.isLoaded !== true) return;
    this.#ledger.compare(open.state, profileIds);
    // Most of what is folded changes no fence.
    if (this.#ledger.pendingCount > 0) this.#wake();
  }

  /** Raises the fence; resolves with the database that enforces it, or null where that takes longer. Ask again then. */
  async raise(change: FenceChange, waitMs: number, signal: AbortSignal): Promise<string | null> {
    this.#ledger.require(change);
    this.#wake();
    return this.#confirmations.wait(change, this.#options.clock, waitMs, signal);
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock, target, onSignal } = this.#options;
    const isOver = (): boolean => signal.aborted;
    let waitMs = RETRY_FIRST_MS;
    signal.addEventListener('abort', () => this.#wake(), { once: true });
    while (!isOver()) {
      try {
        await this.#pass(signal);
        waitMs = RETRY_FIRST_MS;
        if (!isOver()) await this.#rest();
      } catch (error) {
        if (isOver()) return;
        this.#isUp = false;
        onSignal({ type: 'target-down', target, pendingCount: this.#ledger.pendingCount, error });
        await clock.sleep(waitMs, signal);
        waitMs = Math.min(RETRY_MAX_MS, waitMs * 2);
      }
    }
  }

  async #pass(signal: AbortSignal): Promise<void> {
    if (!(await this.#meet())) return;
    await this.#compareUnread();
    // Taken together: what was folded up to these positions is in the ledger, and nothing later is claimed.
    const met = this.#incarnation ?? '';
    const progress = this.#progress();
    const changes = this.#ledger.pending();
    await this.#markDead(changes.filter(({ status }) => status === 'revoked'));
    const free = changes.filter((change) => !this.#lane.has(change.profileId));
    const set: FenceChange[] = [];
    for (let at = 0; at < free.length; at += CHANGES_PER_TRANSACTION_MAX)
      set.push(...(await this.#set(free.slice(at, at + CHANGES_PER_TRANSACTION_MAX), signal)));
    await this.#finish(set, progress, met);
  }

  /** False when the database has turned out to be another one. */
  async #meet(): Promise<boolean> {
    const { gateway, target, onSignal } = this.#options;
    if (this.#isUp) return true;
    await gateway.ensure();
    const isSame = this.#recognise(await gateway.incarnation());
    this.#isUp = true;
    onSignal({ type: 'target-up', target, incarnation: this.#incarnation ?? '' });
    return isSame;
  }

  #recognise(incarnation: string): boolean {
    const before = this.#incarnation;
    this.#incarnation = incarnation;
    if (before === null || before === incarnation) return true;
    const { target, onSignal } = this.#options;
    onSignal({ type: 'target-changed', target, before, incarnation });
    this.#ledger.forget();
    this.#marked.clear();
    for (const [partition, open] of this.#partitions) {
      this.#goals.forget(partition);
      open.isLoaded = false;
      open.reportedOffset = -1;
    }
    return false;
  }

  /** What was done to the database that was met then counts for the one that answers now. */
  #isStill(incarnation: string, met: string): boolean {
    return this.#recognise(incarnation) && incarnation === met;
  }

  async #compareUnread(): Promise<void> {
    for (const [partition, open] of this.#partitions) {
      this.#goals.seek(partition);
      if (open.isLoaded) continue;
      this.#ledger.load(await this.#options.gateway.rows(partition));
      this.#ledger.compare(open.state, open.state.profiles.keys());
      open.isLoaded = true;
    }
  }

  async #markDead(changes: readonly FenceChange[]): Promise<void> {
    const unmarked = changes.filter(
      ({ profileId, token }) => (this.#marked.get(profileId)?.token ?? 0) < token,
    );
    if (unmarked.length === 0) return;
    await this.#options.gateway.mark(unmarked);
    for (const change of unmarked) this.#marked.set(change.profileId, change);
  }

  /** Returns what is set; what a writer holds goes on waiting, what the target refuses for good is set aside. */
  async #set(changes: readonly FenceChange[], signal: AbortSignal): Promise<readonly FenceChange[]> {
    let locked: ReadonlySet<string>;
    try {
      locked = new Set(await this.#options.gateway.set(changes));
    } catch (error) {
      if (!isRefusedStatement(error)) throw error;
      return this.#setApart(changes, error, signal);
    }
    const held = changes.filter(({ profileId }) => locked.has(profileId));
    await this.#markDead(held.flatMap((change) => markOf(change) ?? []));
    for (const change of held) this.#lane.offer(change, this.#incarnation ?? '', signal);
    return changes.filter(({ profileId }) => !locked.has(profileId));
  }

  async #setApart(
    changes: readonly FenceChange[],
    error: unknown,
    signal: AbortSignal,
  ): Promise<readonly FenceChange[]> {
    const { target, onSignal } = this.#options;
    const [only] = changes;
    if (changes.length > 1) {
      const set: FenceChange[] = [];
      for (const change of changes) set.push(...(await this.#set([change], signal)));
      return set;
    }
    if (only !== undefined) {
      this.#ledger.drop(only);
      this.#marked.delete(only.profileId);
      onSignal({ type: 'fence-refused', target, profileId: only.profileId, token: only.token, error });
    }
    return [];
  }

  /** Counts nothing as set unless the database is still the one that was met before it was set. */
  async #finish(set: readonly FenceChange[], progress: readonly Progress[], met: string): Promise<void> {
    const { gateway, clock } = this.#options;
    const isReport = progress.length > 0;
    // A database that was started again is met also where nothing is folded: it takes no write until it is confirmed.
    if (!isReport && set.length === 0 && clock.now() - this.#askedAt < IDLE_MS) return;
    const incarnation = isReport ? await gateway.report(progress, met) : await gateway.incarnation();
    this.#askedAt = clock.now();
    if (!this.#isStill(incarnation, met)) return;
    if (isReport) this.#reportedAt = clock.now();
    for (const { partition, nextOffset } of progress) {
      const open = this.#partitions.get(partition);
      if (open !== undefined) open.reportedOffset = nextOffset;
    }
    if (set.length > 0 || isReport) this.#settle(set);
  }

  #progress(): readonly Progress[] {
    const { clock, partitionCount } = this.#options;
    if (clock.now() - this.#reportedAt < REPORT_EVERY_MS) return [];
    return [...this.#partitions].flatMap(([partition, { state, isLoaded, reportedOffset }]) => {
      const goalOffset = this.#goals.of(partition);
      if (!isLoaded || goalOffset === null || state.nextOffset <= reportedOffset) return [];
      return { partition, partitionCount, goalOffset, nextOffset: state.nextOffset };
    });
  }

  #settle(changes: readonly FenceChange[]): void {
    const { target, onSignal } = this.#options;
    for (const change of changes) {
      this.#ledger.settle(change);
      this.#lane.freed(change.profileId);
      this.#confirmations.settle(change, this.#incarnation ?? '');
    }
    onSignal({
      type: 'fences-set',
      target,
      count: changes.length,
      pendingCount: this.#ledger.pendingCount,
      waitingCount: this.#lane.size,
    });
  }

  async #rest(): Promise<void> {
    const { clock } = this.#options;
    const nudge = new AbortController();
    this.#nudge = nudge;
    const isBehind = [...this.#partitions.values()].some(
      ({ state, isLoaded, reportedOffset }) => !isLoaded || state.nextOffset > reportedOffset,
    );
    const ms = this.#ledger.pendingCount > 0 ? BLOCKED_PAUSE_MS : isBehind ? REPORT_EVERY_MS : IDLE_MS;
    await clock.sleep(ms, nudge.signal);
    this.#nudge = null;
  }

  #wake(): void {
    // With a reason: without one each nudge would make an error, stack and all.
    this.#nudge?.abort('nudged');
  }
}
