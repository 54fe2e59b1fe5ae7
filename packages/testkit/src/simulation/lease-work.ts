import type { ProfileState } from '@profile-warden/domain';
import type { BrowserState, StepKind, WardenEvent } from '@profile-warden/events';
import type { ProcessClock } from '../memory/index.ts';
import { beat, releaseRequested, silenceAnnounced, stepCompleted, stepStarted } from '../spec/index.ts';
import type { Random } from '../walk/random.ts';
import type { AccountService } from './database/account-service.ts';
import type { SimBrowser } from './disk/sim-browser.ts';
import type { SimHosts } from './disk/sim-hosts.ts';
import type { Act, Held } from './held.ts';
import { SIM_POLICY } from './sim-policy.ts';
import type { WorkerName } from './worker-request.ts';

/** What a worker lends to the work on one lease. */
export interface WorkerHands {
  readonly world: {
    readonly random: Random;
    readonly hosts: SimHosts;
    readonly accounts: readonly AccountService[];
    readonly count: (what: string) => void;
    readonly acted: (act: Act) => void;
  };
  readonly name: WorkerName;
  readonly process: ProcessClock;
  readonly isCareless: boolean;
  readonly isRetiring: boolean;
  browser: SimBrowser | null;
  profile(profileId: string): ProfileState | undefined;
  isMine(profileId: string): boolean;
  canAct(held: Held): boolean;
  send(profileId: string, event: WardenEvent): Promise<void>;
  until(condition: () => boolean, boundMs: number): Promise<boolean>;
}

const KINDS: readonly StepKind[] = [
  'read',
  'reversible',
  'side-effect',
  'side-effect',
  'sensitive',
  'await-human',
];
const ANSWER_MS_MAX = 12_000;
const STEPS_MAX = 8;
const LAUNCHES_MAX = 4;
const LAUNCH_AGAIN_MS = 1_000;

/** What a worker does under one lease, from its first heartbeat to its release. */
export class LeaseWork {
  readonly #worker: WorkerHands;
  readonly #held: Held;
  /** A browser was up under this lease. */
  #wasUp = false;
  #steps = 0;

  constructor(worker: WorkerHands, held: Held) {
    this.#worker = worker;
    this.#held = held;
  }

  async run(): Promise<void> {
    const beating = this.#beat();
    await this.#work();
    await beating;
  }

  get #hasBrowser(): boolean {
    return this.#worker.browser?.isAlive === true;
  }

  async #beat(): Promise<void> {
    const { profileId, token, sentAtMs } = this.#held;
    const { name, process } = this.#worker;
    while (!this.#held.hasReleased && !this.#held.isRevoked) {
      const seq = sentAtMs.size + 1;
      sentAtMs.set(seq, process.now());
      await this.#worker.send(
        profileId,
        beat(this.#browserState(), { token, incarnation: name.incarnation, seq }),
      );
      await process.sleep(SIM_POLICY.heartbeatEveryMs);
    }
  }

  #browserState(): BrowserState {
    if (!this.#wasUp) return 'starting';
    const { browser } = this.#worker;
    if (browser?.isAlive !== true) return 'closed';
    return browser.isHung ? 'unreachable' : 'reachable';
  }

  async #work(): Promise<void> {
    const { random } = this.#worker.world;
    const { profileId, token } = this.#held;
    // A browser that does not come up.
    if (random.chance(0.08)) await this.#worker.process.sleep(random.between(5_000, 15_000));
    await this.#launch();
    const most = this.#worker.isCareless ? 4 * STEPS_MAX : STEPS_MAX;
    for (let steps = random.whole(most); steps > 0 && this.#hasBrowser; steps -= 1) {
      if (this.#worker.isRetiring || this.#worker.profile(profileId)?.pulse?.stop != null) break;
      if (!(await this.#mayAct())) break;
      if (random.chance(0.1))
        await this.#worker.send(profileId, silenceAnnounced(random.between(1_000, 9_000), token));
      await this.#step();
      await this.#worker.process.sleep(random.between(100, 2_500));
    }
    await this.#release();
  }

  /** A directory that somebody else's browser still holds is left alone; the careless delete its lock. */
  async #launch(): Promise<void> {
    const { hosts } = this.#worker.world;
    for (let tries = 0; tries < LAUNCHES_MAX; tries += 1) {
      if (!(await this.#mayAct())) return;
      this.#act(() => {
        const { name, isCareless } = this.#worker;
        this.#worker.browser = hosts.launch(name.hostId, this.#held.profileId, isCareless);
        this.#wasUp ||= this.#hasBrowser;
      });
      if (this.#hasBrowser) return;
      await this.#worker.process.sleep(LAUNCH_AGAIN_MS);
    }
  }

  /** Waits for the next heartbeat to be read back where the deadline has passed; in the end it gives up. */
  async #mayAct(): Promise<boolean> {
    await this.#worker.until(
      () => this.#held.isRevoked || this.#worker.canAct(this.#held),
      SIM_POLICY.pauseMaxMs,
    );
    return this.#worker.canAct(this.#held);
  }

  #act(effect: () => void): void {
    const { world, name, isCareless } = this.#worker;
    const { profileId, token } = this.#held;
    world.acted({ incarnation: name.incarnation, isCareless, profileId, token });
    effect();
  }

  async #step(): Promise<void> {
    const { random } = this.#worker.world;
    const { profileId, token } = this.#held;
    const isInspection = this.#worker.profile(profileId)?.lease?.intent === 'inspect';
    const kind = isInspection ? 'read' : random.pick(KINDS);
    this.#steps += 1;
    const stepId = `${this.#worker.name.incarnation}-${token}-s${this.#steps}`;
    const about = { token, repeatable: random.chance(0.3), final: random.chance(0.05) };
    await this.#worker.send(profileId, stepStarted(stepId, kind, about));
    if ((kind === 'side-effect' || kind === 'sensitive') && !this.#worker.isCareless)
      await this.#worker.until(() => this.#held.readBack.has(stepId) || this.#held.isRevoked, ANSWER_MS_MAX);
    if (!this.#worker.canAct(this.#held)) return;
    this.#act(() => undefined);
    await this.#worker.process.sleep(random.between(0, 500));
    if (kind === 'side-effect' || kind === 'sensitive') await this.#write();
    const outcome = random.weighted([
      [8, 'ok'],
      [1, 'not-applied'],
      [1, 'unknown'],
    ] as const);
    const stored = random.pick(['server', 'profile'] as const);
    const checkpoint = random.chance(0.4) ? { name: `after-${stepId}`, stored } : null;
    await this.#worker.send(profileId, stepCompleted(stepId, { token, outcome, checkpoint }));
  }

  /** Somebody's account is written under the token; who is refused for good has no lease any more. */
  async #write(): Promise<void> {
    const { random, accounts } = this.#worker.world;
    const { profileId, token } = this.#held;
    const grantedOffset = this.#worker.profile(profileId)?.lease?.grantedOffset ?? null;
    const seenOffset = random.chance(0.8) ? grantedOffset : null;
    const account = random.pick(accounts);
    const answer = await account.ask(this.#worker.process, this.#worker.name.hostId, {
      profileId,
      token,
      seenOffset,
    });
    this.#worker.world.count(`write ${answer}`);
    if (answer === 'refused' && !this.#worker.isCareless) this.#held.isRevoked = true;
  }

  async #release(): Promise<void> {
    const { random } = this.#worker.world;
    const { profileId, token } = this.#held;
    this.#held.hasReleased = true;
    const isClosed = random.chance(0.9);
    if (isClosed) this.#worker.browser?.close();
    const outcome = this.#held.isRevoked
      ? 'unknown'
      : random.pick(['completed', 'completed', 'failed', 'cancelled'] as const);
    const browserClosed = isClosed ? 'confirmed' : 'unconfirmed';
    // Nobody hears of a release that is lost: it is repeated until the lease is seen to have ended.
    for (let tries = 0; tries < 3; tries += 1) {
      await this.#worker.send(profileId, releaseRequested({ token, outcome, browserClosed }));
      if (await this.#worker.until(() => !this.#worker.isMine(profileId), 2_000)) break;
    }
    this.#worker.browser?.kill();
  }
}
