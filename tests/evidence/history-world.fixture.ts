import type { LogRecord } from '@profile-warden/events';
import type { AuthorityClient } from '@profile-warden/testkit/client';
import { connectWorker, type AcquireOptions, type ConnectOptions, type Worker } from '@profile-warden/worker';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HOST_ID, PARTITION_COUNT } from '../faults/fault-settings.fixture.ts';
import { FaultWorld } from '../faults/fault-world.fixture.ts';
import { BROWSERS } from './browser.fixture.ts';
import { HistoryShop } from './history-shop.fixture.ts';
import { HistoryWorker } from './history-worker.fixture.ts';

/** A recovery within seconds. What a profile says of its login is still trusted no sooner than Chromium writes it. */
const POLICY = {
  version: 'histories-1',
  tickEveryMs: 250,
  heartbeatEveryMs: 700,
  suspectAfterMs: 2_500,
  leaseMs: 9_000,
  unreachableAfterMs: 6_000,
  startBudgetMs: 60_000,
  settleMs: 1_500,
  killMs: 1_500,
  marginMs: 3_000,
  evidenceEveryMs: 1_000,
  collectorTimeoutMs: 15_000,
  checkpointSettleMs: 35_000,
  maxRecoveriesPerTask: 1,
};
/** A process that gets no turn for some seconds is not yet to lose its partitions. */
const SESSION_MS = '15000';
/** Browsers that are up at a time: more would only make each of them slower. */
const MAX_BROWSERS = 4;

export type Wanted = Omit<AcquireOptions, 'profileId' | 'taskId'> & { readonly taskId?: string };

/** Real parts and services, a shop, and room for worker processes; everything of a history happens in here. */
export class HistoryWorld implements AsyncDisposable {
  readonly parts: FaultWorld;
  readonly watcher: AuthorityClient;
  /** Whoever asks for a profile when its history is over. */
  readonly successor: Worker;
  readonly #shop: HistoryShop;
  readonly #shopUrl: string;
  readonly #version = /\d+(?:\.\d+)*/.exec(
    execFileSync(BROWSERS.CHROMIUM.program, ['--version'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }),
  )?.[0];
  readonly #folder = mkdtempSync(join(tmpdir(), 'warden-histories-'));
  readonly #workers: HistoryWorker[] = [];
  readonly #byProfile = new Map<string, LogRecord[]>();
  #seenCount = 0;
  #freeBrowsers = MAX_BROWSERS;
  readonly #waiting: (() => void)[] = [];

  private constructor(
    parts: FaultWorld,
    watcher: AuthorityClient,
    successor: Worker,
    shop: HistoryShop,
    shopUrl: string,
  ) {
    this.parts = parts;
    this.watcher = watcher;
    this.successor = successor;
    this.#shop = shop;
    this.#shopUrl = shopUrl;
  }

  static async open(): Promise<HistoryWorld> {
    const parts = await FaultWorld.open({ policy: POLICY, env: { WARDEN_SESSION_MS: SESSION_MS } });
    try {
      const watcher = await parts.client('watcher');
      const successor = await connectWorker(HistoryWorld.#connection(parts, 'successor'));
      const shop = new HistoryShop();
      return new HistoryWorld(parts, watcher, successor, shop, await shop.open());
    } catch (error) {
      await parts[Symbol.asyncDispose]();
      throw error;
    }
  }

  static #connection({ brokers, registry, topic, policy }: FaultWorld, workerId: string): ConnectOptions {
    const { heartbeatEveryMs, marginMs } = policy;
    const addresses = { brokers, registryUrl: registry.url, topic };
    const ids = { workerId, hostId: HOST_ID };
    return { ...addresses, ...ids, partitionCount: PARTITION_COUNT, heartbeatEveryMs, marginMs };
  }

  /** What a worker asks for that wants this profile. */
  wanted(profileId: string, more: Wanted = {}) {
    const browser = { kind: 'chromium', version: this.#version ?? '' } as const;
    const profileDirectory = this.directoryOf(profileId);
    return {
      profileId,
      taskId: `${profileId}-task`,
      proxyId: 'proxy-eu-1',
      browser,
      profileDirectory,
      ...more,
    };
  }

  /** A worker process that asks for the profile; see `HistoryWorker.leased`. */
  worker(profileId: string, wanted: Wanted = {}): HistoryWorker {
    const workerId = `${profileId}-worker-${this.#workers.length}`;
    mkdirSync(this.directoryOf(profileId), { recursive: true });
    const worker = new HistoryWorker({
      connection: HistoryWorld.#connection(this.parts, workerId),
      wanted: this.wanted(profileId, wanted),
      shopUrl: this.#shopUrl,
    });
    this.#workers.push(worker);
    return worker;
  }

  directoryOf(profileId: string): string {
    return join(this.#folder, profileId, 'profile');
  }

  /** Everything that was said of the profile so far, in log order. */
  recordsOf(profileId: string): readonly LogRecord[] {
    const { records } = this.watcher;
    for (; this.#seenCount < records.length; this.#seenCount += 1) {
      const record = records[this.#seenCount];
      if (record?.profileId == null) continue;
      const known = this.#byProfile.get(record.profileId) ?? [];
      known.push(record);
      this.#byProfile.set(record.profileId, known);
    }
    return this.#byProfile.get(profileId) ?? [];
  }

  /** Waits for room for one more browser; it is given back by `browserLeft`. */
  async browserComes(): Promise<void> {
    if (this.#freeBrowsers > 0) this.#freeBrowsers -= 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  browserLeft(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#freeBrowsers += 1;
    else next();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const worker of this.#workers) await worker.dies();
    await this.successor.shutdown();
    await this.watcher[Symbol.asyncDispose]();
    await this.#shop[Symbol.asyncDispose]();
    await this.parts[Symbol.asyncDispose]();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
