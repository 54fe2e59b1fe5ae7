import { isOwned, type ProfileState } from '@profile-warden/domain';
import type { LogRecord, StepKind, WardenEvent } from '@profile-warden/events';
import type { MemoryAppender, MemoryLog, ProcessClock } from '../memory/index.ts';
import {
  beat,
  releaseRequested,
  silenceAnnounced,
  stepCompleted,
  stepStarted,
  workerStarted,
} from '../spec/index.ts';
import { Violation } from '../walk/ledger.ts';
import type { Random } from '../walk/random.ts';
import type { AccountService } from './database/account-service.ts';
import { heldFrom, readBack, type Held } from './held.ts';
import { LogView } from './log-view.ts';
import { skewOf } from './service-process.ts';
import type { Running, SimHosts } from './sim-host.ts';
import { SIM_POLICY } from './sim-policy.ts';
import { requestOf, type WorkerName } from './worker-request.ts';

export interface WorkerWorld {
  readonly log: MemoryLog;
  readonly random: Random;
  readonly hosts: SimHosts;
  readonly accounts: readonly AccountService[];
  readonly profileIds: readonly string[];
  readonly latestToken: (profileId: string) => number;
  readonly count: (what: string) => void;
}

const KINDS: readonly StepKind[] = ['read', 'reversible', 'side-effect', 'side-effect', 'sensitive'];
const LOOK_EVERY_MS = 100;
const ANSWER_MS_MAX = 12_000;
const LEASES_MAX = 3;
const STEPS_MAX = 8;

/**
 * One run of a worker that keeps every rule: it touches a profile only until its local deadline, counted from the
 * sending of the last heartbeat that it has read back with the lease still its own; a step that others could feel waits
 * until its announcement was read back; what it has seen revoked it gives up. A *careless* one keeps none of these.
 */
export class SimWorker implements Running {
  readonly process: ProcessClock;
  /** Its connection to the broker: where that stands still, nothing is sent or read while the worker goes on. */
  readonly line: ProcessClock;
  readonly name: WorkerName;
  readonly isCareless: boolean;
  hasBrowser = false;
  isRetiring = false;
  isDone = false;
  readonly #world: WorkerWorld;
  readonly #appender: MemoryAppender;
  readonly #view: LogView;
  readonly #pid: number;
  readonly #sentAtMs = new Map<number, number>();
  #held: Held | null = null;
  #seq = 0;
  #steps = 0;
  #requests = 0;
  #events = 0;

  constructor(world: WorkerWorld, name: WorkerName, isCareless: boolean) {
    this.#world = world;
    this.name = name;
    this.isCareless = isCareless;
    this.process = world.log.clock.process(skewOf(world.random));
    this.line = this.process.line();
    this.#appender = world.log.appender(this.line);
    this.#view = new LogView(world.log, this.line, (record) => this.#saw(record));
    this.#pid = world.hosts.spawn(this);
    void this.#live();
  }

  get isAlive(): boolean {
    return !this.process.isDead && !this.isDone;
  }

  get profileInHand(): string | null {
    return this.#held?.profileId ?? null;
  }

  /** The process dies; its browser may live on for a while. */
  crash(): void {
    this.process.kill();
    if (this.#world.random.chance(0.7)) this.hasBrowser = false;
  }

  /** As long as it may touch the profile, nobody may have been let in after it. */
  check(): void {
    const held = this.#held;
    if (held === null || this.isCareless || !this.isAlive || !this.#canAct(held)) return;
    const latest = this.#world.latestToken(held.profileId);
    if (latest > held.token)
      throw new Violation(
        'I18',
        `${this.name.incarnation} may act with ${held.token}, ${latest} was granted`,
      );
  }

  #profile(profileId: string): ProfileState | undefined {
    return this.#view.profile(profileId);
  }

  #isMine(profileId: string): boolean {
    const profile = this.#profile(profileId);
    return profile?.lease?.incarnation === this.name.incarnation && isOwned(profile);
  }

  #canAct(held: Held): boolean {
    if (this.isCareless) return this.process.now() < held.deadlineMs + 5 * SIM_POLICY.leaseMs;
    const isInTime = this.process.now() < held.deadlineMs;
    return isInTime && !held.isRevoked && !held.hasReleased && this.#isMine(held.profileId);
  }

  #saw(record: LogRecord): void {
    const held = this.#held;
    const { profileId } = record;
    if (held === null || profileId !== held.profileId) return;
    if (!this.#isMine(profileId)) held.isRevoked = true;
    const leaseMs = this.#profile(profileId)?.lease?.leaseMs ?? 0;
    readBack(held, record, { incarnation: this.name.incarnation, leaseMs, sentAtMs: this.#sentAtMs });
  }

  /** Whether it got there it learns by reading alone. */
  async #send(profileId: string | null, event: WardenEvent, partition?: number): Promise<void> {
    this.#events += 1;
    const id = `${this.name.incarnation}-${this.#events}`;
    const sent = { id, profileId, ...(partition === undefined ? {} : { partition }), event };
    await this.#appender.append([sent]).catch(() => undefined);
    if (this.#world.random.chance(0.03)) await this.#appender.append([sent]).catch(() => undefined);
  }

  async #until(condition: () => boolean, boundMs: number): Promise<boolean> {
    const deadline = this.process.now() + boundMs;
    while (!condition()) {
      if (this.process.now() > deadline) return false;
      await this.process.sleep(LOOK_EVERY_MS);
    }
    return true;
  }

  async #live(): Promise<void> {
    const { log, random, profileIds } = this.#world;
    const { workerId, hostId, incarnation } = this.name;
    for (let partition = 0; partition < log.partitionCount; partition += 1)
      await this.#send(
        null,
        workerStarted(incarnation, { workerId, hostId, bootId: `boot-${hostId}` }),
        partition,
      );
    for (let leases = 0; leases < LEASES_MAX && !this.isRetiring; leases += 1) {
      await this.process.sleep(random.between(100, 3_000));
      await this.#takeLease();
      // A grant that came after it had given up waiting is no lease of its own.
      for (const profileId of profileIds)
        if (this.#isMine(profileId)) await this.#giveBack(profileId, this.#profile(profileId)?.token ?? 0);
    }
    this.isDone = true;
    this.hasBrowser = false;
  }

  async #giveBack(profileId: string, token: number): Promise<void> {
    await this.#send(profileId, releaseRequested({ token, outcome: 'cancelled' }));
    await this.#until(() => !this.#isMine(profileId), ANSWER_MS_MAX);
  }

  async #takeLease(): Promise<void> {
    const { random, profileIds } = this.#world;
    const isWaiting = (id: string): boolean =>
      ['resume-pending', 'manual-review'].includes(this.#profile(id)?.stage.kind ?? '');
    const wanting = profileIds.filter(isWaiting);
    const profileId = random.pick(wanting.length > 0 && random.chance(0.6) ? wanting : profileIds);
    this.#requests += 1;
    const requestId = `${this.name.incarnation}-${this.#requests}`;
    const asked = requestOf(random, this.name, this.#pid, requestId, this.#profile(profileId));
    await this.#send(profileId, asked);
    if (random.chance(0.05)) {
      this.#world.count('fault repeated request');
      await this.#send(profileId, asked);
    }
    const isAnswered = (): boolean =>
      this.#profile(profileId)?.answered.some((answer) => answer.requestId === requestId) === true;
    await this.#until(isAnswered, ANSWER_MS_MAX);
    const lease = this.#profile(profileId)?.lease;
    if (!this.#isMine(profileId) || lease?.requestId !== requestId) return;
    const held = heldFrom(profileId, lease.token);
    this.#held = held;
    const beating = this.#beat(held);
    await this.#work(held);
    await beating;
    this.#held = null;
  }

  async #beat(held: Held): Promise<void> {
    const { random } = this.#world;
    const { incarnation } = this.name;
    while (!held.hasReleased && !held.isRevoked) {
      this.#seq += 1;
      const seq = this.#seq;
      this.#sentAtMs.set(seq, this.process.now());
      const browser = !this.hasBrowser ? 'starting' : random.chance(0.95) ? 'reachable' : 'unreachable';
      await this.#send(held.profileId, beat(browser, { token: held.token, incarnation, seq }));
      await this.process.sleep(SIM_POLICY.heartbeatEveryMs);
    }
  }

  async #work(held: Held): Promise<void> {
    const { random } = this.#world;
    const { profileId, token } = held;
    // A browser that does not come up.
    if (random.chance(0.08)) await this.process.sleep(random.between(5_000, 15_000));
    if (await this.#mayAct(held)) this.#act(() => (this.hasBrowser = true));
    const most = this.isCareless ? 4 * STEPS_MAX : STEPS_MAX;
    for (let steps = random.whole(most); steps > 0 && this.hasBrowser; steps -= 1) {
      if (this.isRetiring || this.#profile(profileId)?.pulse?.stop != null) break;
      if (!(await this.#mayAct(held))) break;
      if (random.chance(0.1))
        await this.#send(profileId, silenceAnnounced(random.between(1_000, 9_000), token));
      await this.#step(held);
      await this.process.sleep(random.between(100, 2_500));
    }
    await this.#release(held);
  }

  /** Waits for the next heartbeat to be read back where the deadline has passed; in the end it gives up. */
  async #mayAct(held: Held): Promise<boolean> {
    await this.#until(() => held.isRevoked || this.#canAct(held), SIM_POLICY.pauseMaxMs);
    return this.#canAct(held);
  }

  #act(effect: () => void): void {
    this.#world.count('acts');
    effect();
  }

  async #step(held: Held): Promise<void> {
    const { random } = this.#world;
    const { profileId, token } = held;
    const isInspection = this.#profile(profileId)?.lease?.intent === 'inspect';
    const kind = isInspection ? 'read' : random.pick(KINDS);
    this.#steps += 1;
    const stepId = `${this.name.incarnation}-s${this.#steps}`;
    const about = { token, repeatable: random.chance(0.3), final: random.chance(0.05) };
    await this.#send(profileId, stepStarted(stepId, kind, about));
    if ((kind === 'side-effect' || kind === 'sensitive') && !this.isCareless)
      await this.#until(() => held.readBack.has(stepId) || held.isRevoked, ANSWER_MS_MAX);
    if (!this.#canAct(held)) return;
    this.#act(() => undefined);
    await this.process.sleep(random.between(0, 500));
    if (kind === 'side-effect' || kind === 'sensitive') await this.#write(held);
    const outcome = random.weighted([
      [8, 'ok'],
      [1, 'not-applied'],
      [1, 'unknown'],
    ] as const);
    const stored = random.pick(['server', 'profile'] as const);
    const checkpoint = random.chance(0.4) ? { name: `after-${stepId}`, stored } : null;
    await this.#send(profileId, stepCompleted(stepId, { token, outcome, checkpoint }));
  }

  /** Somebody's account is written under the token; who is refused for good has no lease any more. */
  async #write(held: Held): Promise<void> {
    const { random, accounts } = this.#world;
    const { profileId, token } = held;
    const grantedOffset = this.#profile(profileId)?.lease?.grantedOffset ?? null;
    const seenOffset = random.chance(0.8) ? grantedOffset : null;
    const account = random.pick(accounts);
    const answer = await account.ask(this.process, this.name.hostId, { profileId, token, seenOffset });
    this.#world.count(`write ${answer}`);
    if (answer === 'refused' && !this.isCareless) held.isRevoked = true;
  }

  async #release(held: Held): Promise<void> {
    const { random } = this.#world;
    const { profileId, token } = held;
    held.hasReleased = true;
    const isClosed = random.chance(0.9);
    if (isClosed) this.hasBrowser = false;
    const outcome = held.isRevoked ? 'unknown' : random.pick(['completed', 'completed', 'failed'] as const);
    const browserClosed = isClosed ? 'confirmed' : 'unconfirmed';
    // Nobody hears of a release that is lost: it is repeated until the lease is seen to have ended.
    for (let tries = 0; tries < 3; tries += 1) {
      await this.#send(profileId, releaseRequested({ token, outcome, browserClosed }));
      if (await this.#until(() => !this.#isMine(profileId), 2_000)) break;
    }
    this.hasBrowser = false;
  }
}
