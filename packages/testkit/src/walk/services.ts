import {
  holderVerdict,
  isForSilence,
  massSilenceOwed,
  owedByCollector,
  owedByDecider,
  owedByDetector,
  owedByProjector,
  type Case,
} from '@profile-warden/domain';
import type { Answer } from '@profile-warden/events';
import { evidence, findings } from '../spec/index.ts';
import { PROFILES, type World } from './world.ts';
import { WALK_POLICY } from './walk-policy.ts';
import type { Reader } from './reader.ts';

/** What is really running under an incarnation. */
export interface Running {
  readonly isAlive: boolean;
  readonly hasBrowser: boolean;
}

/** A service that reads the log, falls behind, is restarted, and sends what it owes by the state that it has. */
export abstract class Service {
  readonly world: World;
  readonly reader: Reader;

  constructor(world: World) {
    this.world = world;
    this.reader = world.reader();
  }

  protected cases(): [string, Case][] {
    return PROFILES.flatMap((profileId): [string, Case][] => {
      const profile = this.reader.profile(profileId);
      const { state } = this.reader;
      return profile === undefined ? [] : [[profileId, { state, profile, policy: WALK_POLICY }]];
    });
  }

  abstract pay(): void;
}

export class Detector extends Service {
  #tickOffset: number | null = null;
  #tickAtMs = -Infinity;

  /** A tick only after the last one came back, so that a blocked log stops the clock. */
  tick(): void {
    if (this.#tickOffset !== null && this.reader.state.nextOffset <= this.#tickOffset) return;
    if (this.world.nowMs - this.#tickAtMs < WALK_POLICY.tickEveryMs) return;
    this.#tickAtMs = this.world.nowMs;
    const event = {
      type: 'ClockTicked',
      intervalMs: WALK_POLICY.tickEveryMs,
      epoch: this.reader.state.epoch,
    } as const;
    this.#tickOffset = this.world.append({ event, profileId: '' }).offset;
  }

  pay(): void {
    for (const [profileId, one] of this.cases()) {
      const owed = owedByDetector(one);
      if (owed === null) continue;
      const mass = isForSilence(owed.cause) ? massSilenceOwed(this.reader.state, WALK_POLICY) : null;
      this.world.send({ event: mass ?? owed, profileId });
      if (mass !== null) return;
    }
  }
}

export class Projector extends Service {
  pay(): void {
    for (const [profileId, { profile }] of this.cases())
      for (const target of owedByProjector(profile)) {
        const { token } = profile;
        const event = { type: 'FenceConfirmed', token, target, databaseIncarnation: 'db1' } as const;
        if (!this.world.random.chance(0.3)) this.world.send({ event, profileId });
      }
  }
}

export class Decider extends Service {
  pay(): void {
    for (const [profileId, one] of this.cases()) {
      const owed = owedByDecider(one);
      if (owed !== null) this.world.send({ event: owed, profileId });
    }
  }
}

export class Collector extends Service {
  readonly #running: (incarnation: string) => Running | undefined;
  /** How often a look cannot tell. */
  blindness = 0.15;
  /** How often it takes what lives for gone. What only time can prove must hold all the same. */
  error = 0;

  constructor(world: World, running: (incarnation: string) => Running | undefined) {
    super(world);
    this.#running = running;
  }

  pay(): void {
    for (const [profileId, one] of this.cases()) {
      const look = owedByCollector(one);
      if (look === null) continue;
      const { token, round, attempt } = look;
      const basedOn = this.reader.basedOn;
      const found = this.#look(one);
      const isSettled = holderVerdict(one.state, one.profile, { basedOn, findings: found }) === 'gone';
      const about = { token, round, attempt, complete: look.isLast || isSettled, findings: found };
      this.world.send({ event: evidence(basedOn, about), profileId });
    }
  }

  #look({ profile }: Case): ReturnType<typeof findings> {
    const { random } = this.world;
    const real = this.#running(profile.lease?.incarnation ?? '');
    const seen = (isTrue: boolean): Answer => {
      if (random.chance(this.blindness)) return 'unknown';
      return isTrue && !random.chance(this.error) ? 'yes' : 'no';
    };
    return findings({
      workerAlive: seen(real?.isAlive ?? false),
      browserAlive: seen(real?.hasBrowser ?? false),
      sameBoot: random.chance(this.blindness) ? 'unknown' : 'yes',
      secondRoot: random.chance(this.blindness / 10) ? 'yes' : 'no',
      cookiesKept: random.chance(this.blindness / 10) ? 'no' : 'yes',
    });
  }
}
