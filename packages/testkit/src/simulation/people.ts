import type { EventOf, WardenEvent } from '@profile-warden/events';
import type { MemoryAppender, MemoryLog, ProcessClock } from '../memory/index.ts';
import { hostReported, quarantineRequested, registered, reviewResolved } from '../spec/index.ts';
import type { Random } from '../walk/random.ts';
import { HOST_IDS, pathOf, type SimHosts } from './disk/sim-hosts.ts';
import { LogView } from './log-view.ts';
import { TENANT } from './worker-request.ts';

/** Two may have a form of the same case before them. */
const REVIEWERS = 2;

/** Reviewers who send a form long after they opened it, operators who stop profiles, and word about hosts. */
export class People {
  readonly #log: MemoryLog;
  readonly #random: Random;
  readonly #hosts: SimHosts;
  readonly #profileIds: readonly string[];
  readonly #process: ProcessClock;
  readonly #appender: MemoryAppender;
  readonly #view: LogView;
  #events = 0;
  #isHome = false;

  constructor(log: MemoryLog, random: Random, profileIds: readonly string[], hosts: SimHosts) {
    this.#log = log;
    this.#hosts = hosts;
    this.#random = random;
    this.#profileIds = profileIds;
    this.#process = log.clock.process();
    this.#appender = log.appender(this.#process);
    this.#view = new LogView(log, this.#process);
    for (let reviewers = 0; reviewers < REVIEWERS; reviewers += 1) void this.#review();
    void this.#operate();
    for (const profileId of profileIds) if (random.chance(0.5)) void this.#register(profileId);
  }

  /** Nobody starts anything any more. */
  goHome(): void {
    this.#isHome = true;
  }

  /** An operator takes a profile out of use, as far as anybody has ever leased it. */
  stop(profileId: string): void {
    const token = this.#view.profile(profileId)?.token ?? 0;
    if (token > 0) void this.#send(profileId, quarantineRequested(token));
  }

  #isAtWork(): boolean {
    return !this.#isHome;
  }

  async #send(profileId: string | null, event: WardenEvent, partition?: number): Promise<void> {
    this.#events += 1;
    const place = partition === undefined ? {} : { partition };
    await this.#appender
      .append([{ id: `people-${this.#events}`, profileId, ...place, event }])
      .catch(() => undefined);
  }

  async #register(profileId: string): Promise<void> {
    const random = this.#random;
    await this.#process.sleep(random.between(0, random.pick([500, 30_000])));
    const homeHost = random.chance(0.1) ? random.pick(['h1', 'h2']) : null;
    const directory = pathOf(profileId);
    const sharedStorage = this.#hosts.isShared(profileId);
    const tenant = random.chance(0.3) ? TENANT : null;
    await this.#send(profileId, registered({ sharedStorage, homeHost, directory, tenant }));
  }

  /** A machine's agent says that it is up, and which boot it is. */
  reportUp(hostId: string): void {
    const { bootId } = this.#hosts.host(hostId);
    for (let partition = 0; partition < this.#log.partitionCount; partition += 1)
      void this.#send(null, hostReported('up', { hostId, bootId }), partition);
  }

  async #review(): Promise<void> {
    const random = this.#random;
    while (this.#isAtWork()) {
      await this.#process.sleep(random.between(100, 3_000));
      const isOpen = (id: string): boolean => {
        const kind = this.#view.profile(id)?.stage.kind;
        return kind === 'manual-review' || (kind === 'retired' && random.chance(0.5));
      };
      const open = this.#profileIds.filter(isOpen);
      if (open.length === 0) continue;
      const profileId = random.pick(open);
      const form = this.#form(profileId);
      // Somebody goes and looks at the machine, and somebody else takes the profile out of service meanwhile.
      const isAttested = this.#isHostUnknown(profileId) && random.chance(0.7);
      if (isAttested) this.reportUp(this.#view.profile(profileId)?.lease?.hostId ?? '');
      if (isAttested && random.chance(0.5)) continue;
      await this.#process.sleep(this.#formMs(isAttested));
      if (form === null || !this.#isAtWork()) continue;
      // A tool that tells how far the log was read when the form was sent, not when it was opened.
      const isRefreshed = random.chance(0.3);
      const basedOn = isRefreshed ? this.#view.basedOn(profileId) : form.basedOn;
      const outcome = isAttested && random.chance(0.7) ? 'retired' : form.outcome;
      await this.#send(profileId, { ...form, outcome, basedOn });
    }
  }

  #formMs(isHasty: boolean): number {
    const random = this.#random;
    if (isHasty) return random.between(0, 40);
    return random.chance(0.3) ? random.between(2_000, 15_000) : random.between(10, 500);
  }

  #isHostUnknown(profileId: string): boolean {
    const stage = this.#view.profile(profileId)?.stage;
    return stage?.kind === 'manual-review' && stage.rule === 'holder-unknown';
  }

  #form(profileId: string): EventOf<'ReviewResolved'> | null {
    const random = this.#random;
    const profile = this.#view.profile(profileId);
    if (profile === undefined || profile.token === 0) return null;
    const { token, round, history } = profile;
    return reviewResolved(this.#view.basedOn(profileId), {
      token,
      round,
      outcome: random.pick(['available', 'available', 'resume-pending', 'retry', 'retired'] as const),
      // A form may have been printed before the last step was in the log.
      verdicts: history.openSteps.slice(random.chance(0.05) ? 1 : 0).map(({ stepId }) => ({
        stepId,
        verdict: random.pick(['applied', 'not-applied', 'unknown'] as const),
      })),
      checkpoint: history.checkpoints.at(-1)?.name ?? (random.chance(0.5) ? 'by-hand' : null),
    });
  }

  async #operate(): Promise<void> {
    const random = this.#random;
    while (this.#isAtWork()) {
      await this.#process.sleep(random.between(4_000, 20_000));
      if (!this.#isAtWork()) return;
      if (random.chance(0.5)) {
        this.stop(random.pick(this.#profileIds));
        continue;
      }
      const hostId = random.pick(HOST_IDS);
      const status = random.weighted([
        [6, 'up'],
        [2, 'draining'],
        [1, 'dead'],
      ] as const);
      const bootId = status === 'up' && random.chance(0.5) ? this.#hosts.host(hostId).bootId : null;
      for (let partition = 0; partition < this.#log.partitionCount; partition += 1)
        await this.#send(null, hostReported(status, { hostId, bootId }), partition);
    }
  }
}
