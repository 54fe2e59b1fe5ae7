import { emptyPartition, type PartitionState, type Policy } from '@profile-warden/domain';
import type { Clock, LogListener, LogRange, LogReader, LogRecord } from '@profile-warden/events';
import type { Duty, Opener, Opening } from './duty.ts';
import { LogLossError, isFenced } from './error.ts';
import { PartitionRun } from './partition-run.ts';
import type { OnRuntimeSignal } from './signals.ts';

export interface FoldAndPayOptions {
  readonly duty: Duty;
  readonly policy: Policy;
  readonly reader: LogReader;
  readonly opener: Opener;
  readonly clock: Clock;
  readonly onSignal: OnRuntimeSignal;
  /** True where a failed payment means that the right to pay is gone (an epoch), not just the call. */
  readonly failureIsLoss?: boolean;
  /** 0 up to 1; spreads the moments at which several processes try again. */
  readonly random: () => number;
}

interface Held {
  readonly controller: AbortController;
  readonly range: LogRange;
  run: PartitionRun | null;
  opening: Opening | null;
  reopening: Promise<void> | null;
  losses: number[];
}

/** How far a partition in hand is. */
export interface PartitionProgress {
  readonly partition: number;
  /** `opening`: it is being taken over, or its snapshot read. */
  readonly standing: 'opening' | 'restoring' | 'live' | 'lost';
  readonly nextOffset: number;
  /** End of the log when the partition was assigned. */
  readonly end: number;
  readonly logMs: number;
  readonly epoch: number;
}

const REOPEN_FIRST_MS = 50;
const REOPEN_MAX_MS = 5_000;
/** This many losses within the window while still assigned: two owners, and a person has to know. */
const LOSSES_MAX = 5;
const LOSS_WINDOW_MS = 30_000;
/** What is under way may end within this, in ms, before the group gives the partitions to others. */
const CLOSE_MS_MAX = 1_000;

/** The body of every service: folds the partitions it is given, and pays what it owes for them. */
export class FoldAndPay implements LogListener {
  readonly #options: FoldAndPayOptions;
  readonly #held = new Map<number, Held>();
  readonly failed: Promise<never>;
  #fail: (error: unknown) => void = () => undefined;

  constructor(options: FoldAndPayOptions) {
    this.#options = options;
    this.failed = new Promise((_, reject) => {
      this.#fail = reject;
    });
    this.failed.catch(() => undefined);
  }

  /** The partitions in hand, with the state folded so far. */
  *views(): Generator<PartitionRun> {
    for (const { run } of this.#held.values()) if (run !== null) yield run;
  }

  /** Every partition in hand, those included that have no state yet. */
  get progress(): readonly PartitionProgress[] {
    return [...this.#held].map(([partition, { run, range }]) => ({
      partition,
      standing: run?.standing ?? 'opening',
      nextOffset: run?.state.nextOffset ?? 0,
      end: range.end,
      logMs: run?.state.logMs ?? 0,
      epoch: run?.state.epoch ?? -1,
    }));
  }

  /** Assigned and all partitions live: what /readyz tells. */
  get isReady(): boolean {
    return this.#held.size > 0 && [...this.#held.values()].every(({ run }) => run?.isLive === true);
  }

  async start(): Promise<void> {
    await this.#options.reader.start(this);
  }

  /**
   * Starts no effect any more, lets what is under way end, and only then leaves the group: whoever gets the partitions
   * finds no open transaction and waits for nobody.
   */
  async stop(): Promise<void> {
    const { clock, reader } = this.#options;
    const closing = [...this.#held.keys()].map((partition) => this.#release(partition));
    const isLate = new AbortController();
    await Promise.race([Promise.all(closing), clock.sleep(CLOSE_MS_MAX, isLate.signal)]);
    isLate.abort();
    await reader.stop();
  }

  async assigned(partition: number, range: LogRange, signal: AbortSignal): Promise<{ from: number }> {
    this.#options.onSignal({ type: 'assigned', partition, end: range.end });
    const controller = new AbortController();
    const held: Held = { controller, range, run: null, opening: null, reopening: null, losses: [] };
    signal.addEventListener('abort', () => controller.abort(), { once: true });
    this.#held.set(partition, held);
    const opening = await this.#open(partition, held, emptyPartition(partition));
    held.run = new PartitionRun({
      partition,
      opening,
      duty: this.#options.duty,
      policy: this.#options.policy,
      clock: this.#options.clock,
      end: range.end,
      signal: controller.signal,
      onSignal: this.#options.onSignal,
      mayAct: () => this.#options.reader.mayAct(partition),
      failureIsLoss: this.#options.failureIsLoss ?? false,
      onLost: (error) => this.#lost(partition, held, error),
      onFailed: (error) => this.#fail(error),
    });
    held.run.begin();
    return { from: opening.state.nextOffset };
  }

  revoked(partition: number): void {
    void this.#release(partition);
  }

  async records(partition: number, records: readonly LogRecord[], nextOffset: number): Promise<void> {
    await this.#held.get(partition)?.run?.fold(records, nextOffset);
  }

  /** Synchronous up to the end of the payer, for which it may be waited. */
  #release(partition: number): Promise<void> {
    const held = this.#held.get(partition);
    if (held === undefined) return Promise.resolve();
    this.#held.delete(partition);
    held.controller.abort();
    const closed = held.opening?.payer.close().catch(() => undefined) ?? Promise.resolve();
    this.#options.duty.closed?.(partition);
    this.#options.onSignal({ type: 'revoked', partition });
    return closed;
  }

  async #open(partition: number, held: Held, state: PartitionState): Promise<Opening> {
    const { signal } = held.controller;
    const { clock, opener, random, reader, onSignal } = this.#options;
    for (let waitMs = REOPEN_FIRST_MS; ; waitMs = Math.min(REOPEN_MAX_MS, waitMs * 2)) {
      signal.throwIfAborted();
      try {
        const opening = await opener(partition, held.range, state, signal);
        if (signal.aborted) await opening.payer.close().catch(() => undefined);
        signal.throwIfAborted();
        held.opening = opening;
        return opening;
      } catch (error) {
        if (signal.aborted || error instanceof LogLossError) throw error;
        onSignal({ type: 'opening-failed', partition, error });
        await clock.sleep(waitMs * (0.5 + random()), signal);
        // A member that was cut off may have lost it meanwhile, and would fence its new owner.
        await reader.confirmOwned(partition);
      }
    }
  }

  /** Takes over again, but only after the group has confirmed that the partition is still ours. */
  #lost(partition: number, held: Held, error: unknown): void {
    const { clock, onSignal, random, reader } = this.#options;
    onSignal({ type: isFenced(error) ? 'fenced' : 'lost', partition, error });
    const now = clock.now();
    held.losses = [...held.losses.filter((at) => now - at < LOSS_WINDOW_MS), now];
    if (held.losses.length >= LOSSES_MAX) {
      this.#fail(
        new Error(
          `partition ${partition} was lost ${LOSSES_MAX} times within ${LOSS_WINDOW_MS} ms while it was assigned: ` +
            'another process acts as its owner. Look for a second deployment with the same cluster and topic.',
          { cause: error },
        ),
      );
      return;
    }
    held.reopening ??= (async () => {
      void held.opening?.payer.close().catch(() => undefined);
      await clock.sleep(REOPEN_FIRST_MS * (0.5 + random()), held.controller.signal);
      const { run } = held;
      if (run === null || !(await reader.confirmOwned(partition))) return;
      const opening = await this.#open(partition, held, run.state);
      held.reopening = null;
      run.reopen(opening);
    })().catch((reason: unknown) => {
      if (!held.controller.signal.aborted) this.#fail(reason);
    });
  }
}
