import { isOwned, type PartitionState, type ProfileState } from '@profile-warden/domain';
import type { LogRecord, WardenEvent } from '@profile-warden/events';
import type { MemoryAppender, MemoryLog, ProcessClock } from '../memory/index.ts';
import { releaseRequested, workerStarted } from '../spec/index.ts';
import { Violation } from '../walk/ledger.ts';
import type { Random } from '../walk/random.ts';
import type { AccountService } from './database/account-service.ts';
import type { SimBrowser } from './disk/sim-browser.ts';
import type { Running } from './disk/sim-host.ts';
import { pathOf, type SimHosts } from './disk/sim-hosts.ts';
import { LeaseWork, type WorkerHands } from './lease-work.ts';
import { heldFrom, readBack, type Act, type Held } from './held.ts';
import { LogView } from './log-view.ts';
import { skewOf } from './service-process.ts';
import { SIM_POLICY } from './sim-policy.ts';
import { isWaitingFor, requestOf, type ProcessIdentity, type WorkerName } from './worker-request.ts';

export interface WorkerWorld {
  readonly log: MemoryLog;
  readonly random: Random;
  readonly hosts: SimHosts;
  readonly accounts: readonly AccountService[];
  readonly profileIds: readonly string[];
  /** What is known of the topic by now; a worker that starts begins with it. */
  readonly known: readonly PartitionState[];
  readonly latestToken: (profileId: string) => number;
  readonly count: (what: string) => void;
  /** Is told of every touch of a profile, right when it happens. */
  readonly acted: (act: Act) => void;
}

const LOOK_EVERY_MS = 100;
const ANSWER_MS_MAX = 12_000;
const LEASES_MAX = 3;

/**
 * One run of a worker that keeps every rule: it touches a profile only until its local deadline, counted from the
 * sending of the last heartbeat that it has read back with the lease still its own; a step that others could feel waits
 * until its announcement was read back; what it has seen revoked it gives up. A *careless* one keeps none of these.
 */
export class SimWorker implements Running, WorkerHands {
  readonly process: ProcessClock;
  /** Its connection to the broker: where that stands still, nothing is sent or read while the worker goes on. */
  readonly line: ProcessClock;
  readonly name: WorkerName;
  readonly isCareless: boolean;
  browser: SimBrowser | null = null;
  isRetiring = false;
  isDone = false;
  readonly world: WorkerWorld;
  readonly #appender: MemoryAppender;
  readonly #view: LogView;
  readonly #identity: ProcessIdentity;
  #held: Held | null = null;
  #requests = 0;
  #events = 0;

  constructor(world: WorkerWorld, name: WorkerName, isCareless: boolean) {
    this.world = world;
    this.name = name;
    this.isCareless = isCareless;
    this.process = world.log.clock.process(skewOf(world.random));
    this.line = this.process.line();
    this.#appender = world.log.appender(this.line);
    this.#view = new LogView(world.log, this.line, (record) => this.#saw(record), world.known);
    const host = world.hosts.host(name.hostId);
    this.#identity = { ...host.spawn(this), bootId: host.bootId };
    void this.#live();
  }

  get isAlive(): boolean {
    return !this.process.isDead && !this.isDone;
  }

  get profileInHand(): string | null {
    return this.#held?.profileId ?? null;
  }

  get hasBrowser(): boolean {
    return this.browser?.isAlive === true;
  }

  /** The process dies; its browser may live on for a while. */
  crash(): void {
    this.kill();
    if (this.world.random.chance(0.7)) this.killBrowser();
  }

  kill(): void {
    this.process.kill();
  }

  killBrowser(): void {
    this.browser?.kill();
  }

  /** As long as it may touch the profile, nobody may have been let in after it. */
  check(): void {
    const held = this.#held;
    if (held === null || this.isCareless || !this.isAlive || !this.canAct(held)) return;
    const latest = this.world.latestToken(held.profileId);
    if (latest > held.token)
      throw new Violation(
        'I18',
        `${this.name.incarnation} may act with ${held.token}, ${latest} was granted`,
      );
  }

  profile(profileId: string): ProfileState | undefined {
    return this.#view.profile(profileId);
  }

  isMine(profileId: string): boolean {
    const profile = this.profile(profileId);
    return profile?.lease?.incarnation === this.name.incarnation && isOwned(profile);
  }

  canAct(held: Held): boolean {
    if (this.isCareless) return this.process.now() < held.deadlineMs + 5 * SIM_POLICY.leaseMs;
    const isInTime = this.process.now() < held.deadlineMs;
    return isInTime && !held.isRevoked && !held.hasReleased && this.isMine(held.profileId);
  }

  #saw(record: LogRecord): void {
    const held = this.#held;
    const { profileId } = record;
    if (held === null || profileId !== held.profileId) return;
    if (!this.isMine(profileId)) held.isRevoked = true;
    const leaseMs = this.profile(profileId)?.lease?.leaseMs ?? 0;
    readBack(held, record, this.name.incarnation, leaseMs);
  }

  /** Whether it got there it learns by reading alone. */
  async send(profileId: string | null, event: WardenEvent, partition?: number): Promise<void> {
    this.#events += 1;
    const id = `${this.name.incarnation}-${this.#events}`;
    const sent = { id, profileId, ...(partition === undefined ? {} : { partition }), event };
    await this.#appender.append([sent]).catch(() => undefined);
    if (this.world.random.chance(0.03)) await this.#appender.append([sent]).catch(() => undefined);
  }

  async until(condition: () => boolean, boundMs: number): Promise<boolean> {
    const deadline = this.process.now() + boundMs;
    while (!condition()) {
      if (this.process.now() > deadline) return false;
      await this.process.sleep(LOOK_EVERY_MS);
    }
    return true;
  }

  async #live(): Promise<void> {
    const { log, random, profileIds } = this.world;
    const { workerId, hostId, incarnation } = this.name;
    for (let partition = 0; partition < log.partitionCount; partition += 1)
      await this.send(
        null,
        workerStarted(incarnation, { workerId, hostId, bootId: this.#identity.bootId }),
        partition,
      );
    for (let leases = 0; leases < LEASES_MAX && !this.isRetiring; leases += 1) {
      await this.process.sleep(random.between(100, 3_000));
      await this.#takeLease();
      // A grant that came after it had given up waiting is no lease of its own.
      for (const profileId of profileIds)
        if (this.isMine(profileId)) await this.#giveBack(profileId, this.profile(profileId)?.token ?? 0);
    }
    this.browser?.close();
    this.isDone = true;
  }

  async #giveBack(profileId: string, token: number): Promise<void> {
    await this.send(profileId, releaseRequested({ token, outcome: 'cancelled' }));
    await this.until(() => !this.isMine(profileId), ANSWER_MS_MAX);
  }

  async #takeLease(): Promise<void> {
    const { random, profileIds } = this.world;
    const wanting = profileIds.filter((id) => isWaitingFor(this.profile(id), this.name.hostId));
    const profileId = random.pick(wanting.length > 0 && random.chance(0.6) ? wanting : profileIds);
    this.#requests += 1;
    const requestId = `${this.name.incarnation}-${this.#requests}`;
    const asked = requestOf(random, this.name, this.#identity, {
      requestId,
      directory: pathOf(profileId),
      profile: this.profile(profileId),
    });
    await this.send(profileId, asked);
    if (random.chance(0.05)) {
      this.world.count('fault repeated request');
      await this.send(profileId, asked);
    }
    const isAnswered = (): boolean =>
      this.profile(profileId)?.answered.some((answer) => answer.requestId === requestId) === true;
    await this.until(isAnswered, ANSWER_MS_MAX);
    const lease = this.profile(profileId)?.lease;
    if (!this.isMine(profileId) || lease?.requestId !== requestId) return;
    const held = heldFrom(profileId, lease.token);
    this.#held = held;
    if (random.chance(0.03)) {
      // It has forgotten that the profile is its own.
      this.#requests += 1;
      await this.send(profileId, { ...asked, requestId: `${this.name.incarnation}-${this.#requests}` });
    }
    await new LeaseWork(this, held).run();
    this.#held = null;
  }
}
