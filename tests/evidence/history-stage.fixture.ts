import type { EventOf, EventType, RecordBody, ResumePoint, WardenEvent } from '@profile-warden/events';
import { LeaseDeniedError } from '@profile-warden/worker';
import { until } from './browser.fixture.ts';
import type { HistoryWorker } from './history-worker.fixture.ts';
import type { HistoryWorld, Wanted } from './history-world.fixture.ts';

const BOUND_MS = 100_000;

export interface Played {
  /** Whose recovery ends the history. Default the first. */
  readonly token?: number;
  /** Names of the cookies that the profile had on its disk when its browser was killed. */
  readonly cookies?: readonly string[];
}

/** What somebody is told who asks for the profile. */
export type Told =
  | { readonly granted: number; readonly resumeFrom: ResumePoint | null }
  | { readonly denied: string; readonly state: string };

const isOfType = <K extends EventType>(event: RecordBody, type: K): event is EventOf<K> & RecordBody =>
  event.type === type;

/** One profile of the world, on which one history happens. */
export class HistoryStage {
  readonly world: HistoryWorld;
  readonly profileId: string;

  constructor(world: HistoryWorld, profileId: string) {
    this.world = world;
    this.profileId = profileId;
  }

  get directory(): string {
    return this.world.directoryOf(this.profileId);
  }

  worker(wanted: Wanted = {}): HistoryWorker {
    return this.world.worker(this.profileId, wanted);
  }

  /** A worker that has the profile, does its part with a browser that answers, and is killed. */
  async killed(
    work: (worker: HistoryWorker) => Promise<unknown>,
    { wanted, browser = 'too' }: { readonly wanted?: Wanted; readonly browser?: 'too' | 'lives-on' } = {},
  ): Promise<Played> {
    return this.lived(async (worker) => {
      await work(worker);
      await worker.dies(browser);
    }, wanted);
  }

  /** The same, and what becomes of it is said in `life`. */
  async lived(life: (worker: HistoryWorker) => Promise<unknown>, wanted: Wanted = {}): Promise<Played> {
    await this.world.browserComes();
    try {
      const worker = this.worker(wanted);
      const token = await worker.leased();
      await worker.opens();
      await this.said('Heartbeat', (beat) => beat.token === token && beat.browser === 'reachable');
      await life(worker);
      return {};
    } finally {
      this.world.browserLeft();
    }
  }

  /** Waits until the log says so, if it does not already. */
  async said<K extends EventType>(
    type: K,
    matches: (event: EventOf<K>) => boolean = () => true,
  ): Promise<EventOf<K>> {
    const find = () =>
      this.world
        .recordsOf(this.profileId)
        .map(({ event }) => event)
        .find((event): event is EventOf<K> & RecordBody => isOfType(event, type) && matches(event));
    await until(() => find() !== undefined, `${type} of ${this.profileId}`, BOUND_MS);
    return find() as EventOf<K>;
  }

  async says(event: WardenEvent): Promise<void> {
    await this.world.watcher.say(this.profileId, event);
  }

  async decided(token: number): Promise<void> {
    await this.said('Decided', (decision) => decision.token === token);
  }

  /** Somebody asks for the profile; a lease is given back at once. */
  async ask(wanted: Wanted): Promise<Told> {
    try {
      const lease = await this.world.successor.acquire(this.world.wanted(this.profileId, wanted));
      const { token: granted, resumeFrom } = lease;
      await lease.release({ outcome: 'cancelled', browserClosed: 'confirmed' });
      return { granted, resumeFrom };
    } catch (error) {
      if (!(error instanceof LeaseDeniedError)) throw error;
      return { denied: error.reason, state: error.state };
    }
  }
}
