/** For the specs beside this file: what a race knows of itself, told by drivers and writers as they go. */
import type { Random } from '@profile-warden/testkit/walk';

export interface RaceOptions {
  readonly url: string;
  /** Replaces the fence's install: a mutant. */
  readonly installSql?: string;
  readonly seed: number;
  readonly connectionCount: number;
  /** Transactions to be tried, refused ones included. */
  readonly writeCount: number;
  readonly profileCount: number;
  /** How long a long transaction stays open. */
  readonly longMs: number;
  /** How long the one that was left open does. */
  readonly leftOpenMs: number;
}

/** A token's end at the database, by a revocation or by the end of its lease. */
export interface Ending {
  readonly profileId: string;
  readonly token: number;
  readonly isRevocation: boolean;
  readonly startedAt: number;
  readonly endedAt: number;
  /** Drawn after the second commit: nothing of the token may come later. */
  readonly seq: number;
  /** Writes under this token and older ones that were committed by then. */
  readonly writeCount: number;
}

export interface OpenSpan {
  readonly profileId: string;
  readonly startedAt: number;
  readonly endedAt: number;
}

export class ProfileUnderRace {
  readonly profileId: string;
  token = 0;
  isHeld = false;
  offset = 0;

  constructor(profileId: string) {
    this.profileId = profileId;
  }

  /** A new record about it in the log. */
  nextOffset(): number {
    this.offset += 1;
    return this.offset;
  }
}

export const LEFT_OPEN = 'left-open';

export class RaceState {
  readonly options: RaceOptions;
  readonly random: Random;
  readonly profiles: readonly ProfileUnderRace[];
  readonly leftOpen = new ProfileUnderRace(LEFT_OPEN);
  readonly endings: Ending[] = [];
  readonly spans: OpenSpan[] = [];
  readonly answers = new Map<string, number>();
  /** Drawn before the first commit of a grant: nothing of the token may come earlier. */
  readonly grantSeqs = new Map<string, number>();
  readonly faults: string[] = [];
  #tried = 0;
  #isOver = false;

  constructor(options: RaceOptions, random: Random) {
    this.options = options;
    this.random = random;
    this.profiles = Array.from(
      { length: options.profileCount },
      (_, index) => new ProfileUnderRace(`profile-${index}`),
    );
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  end(): void {
    this.#isOver = true;
  }

  /** Takes one of the tries; false when none is left. */
  take(): boolean {
    if (this.#isOver || this.#tried >= this.options.writeCount) return false;
    this.#tried += 1;
    return true;
  }

  answered(code: string): void {
    this.answers.set(code, (this.answers.get(code) ?? 0) + 1);
  }

  /** The first one ends the race: what comes after it says nothing more. */
  fault(text: string): void {
    this.faults.push(text);
    this.end();
  }
}
