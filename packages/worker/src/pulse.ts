import type { EventOf } from '@profile-warden/events';
import type { ReportedBrowserState } from './browser-source.ts';
import { CdpProbe } from './cdp-probe.ts';
import type { Instant } from './lease-deadline.ts';
import type { BrowserSource } from './browser-source.ts';
import type { LineUser } from './worker-line.ts';

/** Heartbeats whose read-back is still awaited. One is outstanding at a time; more only while calls fail unknown. */
const MAX_UNCONFIRMED = 32;
const MAX_INT = 2 ** 31 - 1;

interface SentBeat {
  readonly seq: number;
  readonly at: Instant;
}

/**
 * The heartbeats of one lease: what the next one says, and when those that have not come back were handed to the log.
 *
 *   waiting → asking    it is due, the browser has been asked
 *   asking → sending    the browser has answered, or `answerBy` has passed
 *   sending → waiting   acknowledged or failed; which of both the log does not always know
 *   any → resting       nothing more is sent, for good
 */
export class Pulse {
  readonly user: LineUser;
  readonly token: number;
  state: 'waiting' | 'asking' | 'sending' | 'resting' = 'waiting';
  /** By the monotonic clock. */
  nextAt = -Infinity;
  /** While asking: when the browser is taken for one that does not answer. */
  answerBy = Infinity;
  #source: BrowserSource = { kind: 'state', state: 'starting' };
  #endpoint: CdpProbe | null = null;
  #seq = 0;
  /** Longest that the caller's thread was late since the last heartbeat of this lease. */
  #lagMs = 0;
  /** Guards against an answer that comes after its time. */
  #question = 0;
  /** Oldest first. */
  #sent: readonly SentBeat[] = [];

  constructor(user: LineUser, token: number, source: BrowserSource) {
    this.user = user;
    this.token = token;
    this.from(source);
  }

  from(source: BrowserSource): void {
    this.#source = source;
    this.#endpoint?.close();
    this.#endpoint = source.kind === 'endpoint' && this.state !== 'resting' ? new CdpProbe(source.url) : null;
  }

  late(lagMs: number): void {
    this.#lagMs = Math.min(MAX_INT, Math.max(this.#lagMs, Math.round(lagMs)));
  }

  rest(): void {
    this.state = 'resting';
    this.#endpoint?.close();
  }

  /** Calls back with the answer unless another question was put meanwhile; at once where there is nobody to ask. */
  ask(answered: (state: ReportedBrowserState) => void): void {
    const source = this.#source;
    const question = (this.#question += 1);
    if (source.kind === 'state') {
      answered(source.state);
      return;
    }
    const asked = this.#endpoint?.ask() ?? this.user.askBrowser();
    const settle = (state: ReportedBrowserState): void => {
      if (question === this.#question) answered(state);
    };
    asked.then(settle, () => settle('unreachable'));
  }

  /** Starts the clock of this heartbeat: it must be handed to the log in the same turn. */
  next(incarnation: string, browser: ReportedBrowserState, sent: Instant): EventOf<'Heartbeat'> {
    const loopLagMs = this.#lagMs;
    this.#lagMs = 0;
    const seq = (this.#seq += 1);
    this.#sent = [...this.#sent.slice(1 - MAX_UNCONFIRMED), { seq, at: sent }];
    return { type: 'Heartbeat', token: this.token, incarnation, seq, browser, loopLagMs };
  }

  /** When the heartbeat that was read back had been handed to the log; null of one that was not sent from here. */
  heard(seq: number): Instant | null {
    const sent = this.#sent.find((beat) => beat.seq === seq);
    if (sent === undefined) return null;
    this.#sent = this.#sent.filter((beat) => beat.seq > seq);
    return sent.at;
  }
}
