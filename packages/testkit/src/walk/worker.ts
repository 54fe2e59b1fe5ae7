import { isOwned, type ProfileState } from '@profile-warden/domain';
import type { LogRecord, StepKind, WardenEvent } from '@profile-warden/events';
import {
  beat,
  releaseRequested,
  request,
  silenceAnnounced,
  stepCompleted,
  stepStarted,
  workerStarted,
} from '../spec/index.ts';
import { Violation } from './ledger.ts';
import type { Reader } from './reader.ts';
import type { Running } from './services.ts';
import { PROFILES, type World } from './world.ts';
import { WALK_POLICY } from './walk-policy.ts';

interface Sent {
  readonly event: WardenEvent;
  readonly sentAtMs: number;
}

interface OwnStep {
  readonly stepId: string;
  readonly kind: StepKind;
  readonly final: boolean;
  isReadBack: boolean;
  isDone: boolean;
}

const KINDS: readonly StepKind[] = ['read', 'reversible', 'side-effect', 'side-effect', 'sensitive'];
/** Past its life a request's worker is of no more interest to the walk. */
const MAX_OUTBOX = 6;

/**
 * One run of a worker, for one profile. Obedient: it touches the profile only until its local deadline, counted from
 * the sending of the last heartbeat that it has read back with the lease still its own; a step that others could feel
 * waits until its announcement was read back; what it has seen revoked it gives up.
 */
export class Worker implements Running {
  isAlive = true;
  hasBrowser = false;
  /** Token of the lease that it has seen granted. */
  token: number | null = null;
  isRevoked = false;
  hasReleased = false;
  requestId: string | null = null;
  profileId: string;
  readonly workerId: string;
  readonly hostId: string;
  readonly incarnation: string;
  readonly world: World;
  readonly reader: Reader;
  #deadlineMs = -Infinity;
  #beats = 0;
  #requests = 0;
  readonly #beatSentAtMs = new Map<number, number>();
  readonly #outbox: Sent[] = [];
  readonly #steps: OwnStep[] = [];
  /** How often it reads the log before it moves; who seldom does goes by its deadline alone. */
  readonly #attention: number;

  constructor(world: World, name: { workerId: string; hostId: string; incarnation: string }, bootId: string) {
    this.world = world;
    this.workerId = name.workerId;
    this.hostId = name.hostId;
    this.incarnation = name.incarnation;
    this.profileId = world.random.pick(PROFILES);
    this.#attention = world.random.pick([0.9, 0.9, 0.2]);
    this.reader = world.reader();
    const { workerId, hostId, incarnation } = this;
    world.append({ event: workerStarted(incarnation, { workerId, hostId, bootId }), profileId: '' });
  }

  get profile(): ProfileState | undefined {
    return this.reader.profile(this.profileId);
  }

  /** By its own view, which may be old. */
  protected get isMine(): boolean {
    const { profile } = this;
    return profile?.lease?.incarnation === this.incarnation && isOwned(profile);
  }

  protected get canAct(): boolean {
    return this.isMine && !this.isRevoked && !this.hasReleased && this.world.nowMs < this.#deadlineMs;
  }

  read(count: number): void {
    this.reader.advance(count, (record) => this.#seen(record));
  }

  #seen({ event }: LogRecord): void {
    if (this.isMine) this.token ??= this.profile?.token ?? null;
    else if (this.token !== null) this.isRevoked = true;
    if (!this.isMine || !('token' in event) || event.token !== this.token) return;
    if (event.type === 'Heartbeat' && event.incarnation === this.incarnation) {
      const sentAtMs = this.#beatSentAtMs.get(event.seq) ?? -Infinity;
      const lastsMs = (this.profile?.lease?.leaseMs ?? 0) - WALK_POLICY.marginMs;
      this.#deadlineMs = Math.max(this.#deadlineMs, sentAtMs + lastsMs);
    }
    if (event.type === 'StepStarted')
      for (const step of this.#steps) if (step.stepId === event.stepId) step.isReadBack = true;
  }

  protected post(event: WardenEvent): void {
    if (this.#outbox.length < MAX_OUTBOX) this.#outbox.push({ event, sentAtMs: this.world.nowMs });
  }

  /** What was sent first arrives first: one send is in flight. */
  deliver(): void {
    const sent = this.#outbox.shift();
    if (sent === undefined) return;
    this.world.append({ event: sent.event, profileId: this.profileId });
    if (this.world.random.chance(0.05)) this.world.append({ event: sent.event, profileId: this.profileId });
  }

  /** It touches the profile. */
  protected act(): void {
    this.world.count('acts');
    this.check();
  }

  /** As long as it may touch the profile, nobody may have been let in after it. */
  check(): void {
    if (!this.isAlive || !this.canAct) return;
    const latest = this.world.ledger.latestToken(this.profileId);
    if (this.token === null || latest > this.token)
      throw new Violation(
        'I18',
        `${this.incarnation} may act with ${String(this.token)}, ${latest} was granted`,
      );
  }

  /** Its next move. */
  live(readable: number): void {
    if (this.world.random.chance(this.#attention)) this.read(readable);
    if (this.requestId === null) this.ask();
    else if (this.token === null && this.#isDenied && this.world.random.chance(0.3)) this.requestId = null;
    else this.work();
  }

  get #isDenied(): boolean {
    const { profile, requestId } = this;
    return profile?.answered.some((answer) => answer.requestId === requestId) === true && !this.isMine;
  }

  protected ask(): void {
    const { random } = this.world;
    const isWaiting = (profileId: string): boolean => {
      const kind = this.reader.profile(profileId)?.stage.kind;
      return kind === 'resume-pending' || kind === 'manual-review';
    };
    const wanting = PROFILES.filter(isWaiting);
    this.profileId = random.pick(wanting.length > 0 && random.chance(0.6) ? wanting : PROFILES);
    const { stage } = this.profile ?? {};
    this.#requests += 1;
    this.requestId = `${this.incarnation}-${this.#requests}`;
    const isResume = stage?.kind === 'resume-pending' && random.chance(0.8);
    const isInspection = stage?.kind === 'manual-review' && random.chance(0.7);
    this.post(
      request(this.requestId, {
        workerId: this.workerId,
        incarnation: this.incarnation,
        hostId: this.hostId,
        bootId: `boot-${this.hostId}`,
        taskId: isResume ? stage.taskId : `t${random.whole(3)}`,
        intent: isResume ? 'resume' : isInspection ? 'inspect' : random.chance(0.9) ? 'fresh' : 'inspect',
        readOnly: random.chance(0.1),
        waitMs: random.pick([0, 20, 100, 300]),
        maxRuntimeMs: random.pick([null, null, 60]),
        proxyId: random.chance(0.95) ? 'proxy-a' : 'proxy-b',
      }),
    );
  }

  beat(): void {
    this.#beats += 1;
    this.#beatSentAtMs.set(this.#beats, this.world.nowMs);
    const { token, incarnation } = this;
    if (token === null) return;
    const browser = this.hasBrowser
      ? this.world.random.chance(0.9)
        ? 'reachable'
        : 'unreachable'
      : 'starting';
    this.post(beat(browser, { token, incarnation, seq: this.#beats }));
  }

  /** Something a correct worker may do now. */
  work(): void {
    const { random } = this.world;
    if (this.isRevoked || this.hasReleased) {
      this.#giveUp();
      return;
    }
    if (!this.isMine || this.token === null) return;
    if (!this.canAct || random.chance(0.45)) {
      this.beat();
      return;
    }
    const stop = this.profile?.pulse?.stop != null;
    if (!this.hasBrowser) this.#launch();
    else if (random.chance(stop ? 0.3 : 0.08)) this.#release();
    else if (random.chance(0.03)) this.post(silenceAnnounced(random.between(10, 200), this.token));
    else if (random.chance(0.05)) this.crash();
    else this.#step();
  }

  #launch(): void {
    this.act();
    this.hasBrowser = true;
  }

  #step(): void {
    const { random } = this.world;
    const { token } = this;
    const open = this.#steps.find((step) => !step.isDone);
    if (token === null) return;
    if (open === undefined) {
      const kind = this.profile?.lease?.intent === 'inspect' ? 'read' : random.pick(KINDS);
      const stepId = `${this.incarnation}-s${this.#steps.length}`;
      const step = { stepId, kind, final: random.chance(0.05), isReadBack: false, isDone: false };
      this.#steps.push(step);
      const about = { token, repeatable: random.chance(0.3), final: step.final };
      this.post(stepStarted(stepId, kind, about));
    } else if (open.isReadBack || open.kind === 'read' || open.kind === 'reversible') {
      this.act();
      open.isDone = true;
      const outcome = random.weighted([
        [8, 'ok'],
        [1, 'not-applied'],
        [1, 'unknown'],
      ] as const);
      const stored = random.pick(['server', 'profile'] as const);
      const checkpoint = random.chance(0.4) ? { name: `after-${open.stepId}`, stored } : null;
      this.post(stepCompleted(open.stepId, { token, outcome, checkpoint }));
    }
  }

  #release(): void {
    const { token } = this;
    if (token === null) return;
    this.hasReleased = true;
    const isClosed = this.world.random.chance(0.85);
    if (isClosed) this.hasBrowser = false;
    const outcome = this.world.random.pick(['completed', 'completed', 'failed', 'unknown'] as const);
    this.post(releaseRequested({ token, outcome, browserClosed: isClosed ? 'confirmed' : 'unconfirmed' }));
  }

  #giveUp(): void {
    this.hasBrowser = false;
    if (this.token !== null && !this.hasReleased) {
      this.hasReleased = true;
      this.post(releaseRequested({ token: this.token, outcome: 'unknown' }));
    } else if (this.world.random.chance(0.3)) this.isAlive = false;
  }

  /** The process dies, with its browser or without; what it had sent may be on its way still. */
  crash(): void {
    this.isAlive = false;
    if (this.world.random.chance(0.7)) this.hasBrowser = false;
    if (this.world.random.chance(0.5)) this.#outbox.length = 0;
  }

  get hasMail(): boolean {
    return this.#outbox.length > 0;
  }
}
