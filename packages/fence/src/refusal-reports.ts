import type { Refusal } from './errors.ts';

/** A write that was stopped, as the log wants to hear of it. */
export interface WriteRefusal {
  readonly profileId: string;
  readonly presentedToken: number;
  readonly knownToken: number | null;
  /** Name of the fence target, as the projector's configuration has it. */
  readonly target: string;
  readonly sqlState: string;
}

/**
 * Tells the log, or whoever passes it on, that a write was stopped. It must not use the client of the refused
 * transaction, which is aborted. Its own bound in time is its own business; a rejection is signalled, not thrown.
 */
export type RefusalReporter = (refusal: WriteRefusal) => Promise<void>;

/** The record that a `RefusalReporter` appends, in the shape that the appender of `@profile-warden/kafka` takes. */
export interface WriteRefusedEvent {
  readonly id: string;
  readonly profileId: string;
  readonly event: {
    readonly type: 'WriteRefused';
    readonly presentedToken: number;
    readonly knownToken: number | null;
    readonly target: string;
    readonly sqlState: string;
  };
}

/**
 * A reporter that appends `WriteRefused` to the log.
 *
 * @param append of a `KafkaAppender`, or anything that takes the same: `(events) => appender.append(events)`.
 * @param newId of one report, unique; default a random UUID.
 */
export const appendRefusals =
  (
    append: (events: readonly WriteRefusedEvent[]) => Promise<unknown>,
    newId: () => string = () => crypto.randomUUID(),
  ): RefusalReporter =>
  async ({ profileId, presentedToken, knownToken, target, sqlState }) => {
    await append([
      {
        id: `WriteRefused/${newId()}`,
        profileId,
        event: { type: 'WriteRefused', presentedToken, knownToken, target, sqlState },
      },
    ]);
  };

export interface RefusalReportsOptions {
  readonly target: string;
  readonly reporter: RefusalReporter | null;
  readonly everyMs: number;
  readonly now: () => number;
  readonly onLost: (refusal: WriteRefusal, error: unknown) => void;
}

/** Reports under way at once; more are lost, with a signal: a log that is down must not fill the memory. */
const PENDING_REPORTS_MAX = 100;
/** Tokens whose last report is remembered; the oldest is forgotten first. */
const REMEMBERED_MAX = 1_000;

/** Sends each refused token on once per `everyMs`, beside the caller's own work. */
export class RefusalReports {
  readonly #options: RefusalReportsOptions;
  readonly #lastAt = new Map<string, number>();
  readonly #pending = new Set<Promise<void>>();

  constructor(options: RefusalReportsOptions) {
    this.#options = options;
  }

  /** Only `stop` is a fact about a token; the other refusals are about this database or this call. */
  report({ kind, code, profileId, presentedToken, knownToken }: Refusal): void {
    const { reporter, target, onLost } = this.#options;
    if (reporter === null || kind !== 'stop' || presentedToken === null) return;
    if (!this.#isDue(`${presentedToken} ${profileId}`)) return;
    const refusal = { profileId, presentedToken, knownToken, target, sqlState: code };
    if (this.#pending.size >= PENDING_REPORTS_MAX) {
      onLost(refusal, new Error(`${PENDING_REPORTS_MAX} reports are under way`));
      return;
    }
    const sending = Promise.resolve()
      .then(() => reporter(refusal))
      .catch((error: unknown) => onLost(refusal, error))
      .finally(() => this.#pending.delete(sending));
    this.#pending.add(sending);
  }

  /** Resolves when no report is under way any more. */
  async settled(): Promise<void> {
    while (this.#pending.size > 0) await Promise.all(this.#pending);
  }

  #isDue(key: string): boolean {
    const now = this.#options.now();
    const lastAt = this.#lastAt.get(key);
    if (lastAt !== undefined && now - lastAt < this.#options.everyMs) return false;
    this.#lastAt.delete(key);
    this.#lastAt.set(key, now);
    const [oldest] = this.#lastAt.keys();
    if (this.#lastAt.size > REMEMBERED_MAX && oldest !== undefined) this.#lastAt.delete(oldest);
    return true;
  }
}
