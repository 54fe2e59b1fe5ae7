import type { KafkaConnection } from './connection.ts';
import { FeedCluster } from './feed-cluster.ts';
import { fetchErrorKind, isTopicUnknown } from './fetch-error.ts';
import { LogReadError } from './read-error.ts';
import { detailOf, safeSignal, type OnSignal } from './signal.ts';
import { backoffMs, pause } from './wait.ts';

export interface FeedConnectionOptions {
  readonly connection: KafkaConnection;
  readonly topic: string;
  readonly partitionCount: number;
  readonly onSignal?: OnSignal;
}

export const RETRY_FIRST_MS = 50;
export const RETRY_MAX_MS = 1_000;
const TOPIC_GONE_MS_MAX = 15_000;

/**
 * *Down* → `connected` → *connecting*, again and again with growing pauses → *up* → `drop` → *down*. Connecting ends
 * without success only by `stop`, or where no retry can help: the topic has another number of partitions, or has
 * not been there for a while.
 */
export class FeedConnection {
  readonly #options: FeedConnectionOptions;
  readonly #signal: OnSignal;
  readonly #stopped = new AbortController();
  #cluster: FeedCluster | undefined;
  #connecting: Promise<FeedCluster> | undefined;

  constructor(options: FeedConnectionOptions) {
    this.#options = options;
    this.#signal = safeSignal(options.onSignal);
  }

  get stopped(): AbortSignal {
    return this.#stopped.signal;
  }

  /** The living connections, if there are any. */
  get cluster(): FeedCluster | undefined {
    return this.#cluster;
  }

  /** Rejects with a `LogReadError`. */
  connected(): Promise<FeedCluster> {
    if (this.#cluster !== undefined) return Promise.resolve(this.#cluster);
    this.#connecting ??= this.#connect().finally(() => {
      this.#connecting = undefined;
    });
    return this.#connecting;
  }

  drop(cluster: FeedCluster): void {
    if (this.#cluster === cluster) this.#cluster = undefined;
    cluster.disconnect().catch(() => undefined);
  }

  report(error: unknown): void {
    if (!this.stopped.aborted) this.#signal({ type: 'fetch-failed', detail: detailOf(error) });
  }

  async stop(): Promise<void> {
    this.#stopped.abort(new LogReadError('stopped', 'the reader was stopped'));
    const cluster = this.#cluster;
    this.#cluster = undefined;
    await cluster?.disconnect().catch(() => undefined);
  }

  async #connect(): Promise<FeedCluster> {
    const { connection, topic, partitionCount } = this.#options;
    let goneSince: number | undefined;
    for (let attempt = 0; ; attempt += 1) {
      this.stopped.throwIfAborted();
      const cluster = new FeedCluster(connection, topic, partitionCount);
      try {
        await cluster.connect();
        if (!this.stopped.aborted) return (this.#cluster = cluster);
      } catch (error) {
        this.report(error);
        const kind = fetchErrorKind(error);
        if (kind.type === 'hopeless') throw new LogReadError(kind.code, kind.detail);
        // A broker that has just started may not know its topics yet.
        goneSince = isTopicUnknown(error) ? (goneSince ?? performance.now()) : undefined;
        if (goneSince !== undefined && performance.now() - goneSince > TOPIC_GONE_MS_MAX)
          throw new LogReadError('topic-missing', `${topic} does not exist (any more)`);
      } finally {
        if (this.#cluster !== cluster) cluster.disconnect().catch(() => undefined);
      }
      await pause(backoffMs(attempt, RETRY_FIRST_MS, RETRY_MAX_MS), this.stopped);
    }
  }
}
