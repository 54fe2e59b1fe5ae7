import type { Consumer, ConsumerGroupJoinEvent, RequestEvent } from 'kafkajs';
import { createKafka, type KafkaConnection } from './connection.ts';
import { LogReadError } from './read-error.ts';
import { stickyAssigner } from './sticky-assigner.ts';

export interface MembershipOptions {
  readonly connection: KafkaConnection;
  readonly topic: string;
  readonly groupId: string;
  /** Ms without a heartbeat after which the group gives the partitions to others. */
  readonly sessionMs: number;
  /** What this member has now; it is left with that where the shares allow it. */
  readonly owned: () => readonly number[];
  /** Synchronous: from its return on this member acts for these partitions and no others. */
  readonly onAssignment: (partitions: readonly number[]) => void;
  readonly onLost: (error: LogReadError) => void;
}

const REQUEST_MS_MAX = 10_000;
/** How soon a member learns that another has left: this and the turn of the loop together bound a hand-over. */
const HEARTBEAT_EVERY_MS = 300;
/** With everything paused this is only how often the loop looks whether a heartbeat is due, and whether it is to end. */
const LOOP_TURN_MS = 300;
const REBALANCE_MS_MAX = 15_000;
const JOIN_MS_MAX = 60_000;
const WATCH_EVERY_MS = 1_000;
/** The outage that a member survives. */
const SILENCE_MS_MAX = 90_000;
/** Unanswered for so long beyond its session, a member begins anew. */
const REJOIN_AFTER_MS = 5_000;
/** Together about 40 s. */
const RETRY = { initialRetryTime: 200, multiplier: 2, maxRetryTime: 5_000, retries: 12 };
/** What a consumer ends with when the brokers, or the way to them, are to blame. */
const NETWORK_ERRORS: ReadonlySet<string> = new Set([
  'KafkaJSConnectionError',
  'KafkaJSConnectionClosedError',
  'KafkaJSRequestTimeoutError',
  'KafkaJSBrokerNotFound',
  'KafkaJSGroupCoordinatorNotFound',
  'KafkaJSNumberOfRetriesExceeded',
]);

const isOfNetwork = (error: unknown): boolean =>
  error instanceof Error && (NETWORK_ERRORS.has(error.name) || isOfNetwork(error.cause));

/**
 * A member of a consumer group that takes its share of the partitions and reads none of them.
 *
 * The library's consumer knows no callback for lost partitions, falls back to the end of the log when its position
 * is gone, and lets one slow handler hold up the rebalance of the whole group. So it is used for what only a group
 * can do: all partitions stay paused for ever, its loop sends nothing but heartbeats, and the records are read by a
 * `LogFeed`.
 *
 * *Joining* until the first assignment, *member* until `stop` or a crash; on a rebalance the old assignment holds
 * until the new one is there. A member whose coordinator has gone would ask that broker for ever: the library looks for
 * another one only when it joins. So a member that is not answered *begins anew*, with another consumer. What else a
 * consumer ends with is final, and so is a silence past its bound: `onLost` is called once and the process should end.
 */
export class GroupMembership {
  readonly #options: MembershipOptions;
  #consumer: Consumer | null = null;
  /** A consumer is on its way to the brokers, and has retries of its own. */
  #isBeginning = false;
  #begunAt = 0;
  #lastSignOfLifeAt = 0;
  /** When the last call was sent by whose answer the group has confirmed us. */
  #confirmedAt = -Infinity;
  /** Ms between sending and answer of the last calls of each kind. */
  readonly #tookMs = new Map<string, number>();
  /** This consumer, not one before it. */
  #hasJoined = false;
  #watch: NodeJS.Timeout | undefined;
  #isOver = false;
  readonly #waiting: (() => void)[] = [];

  constructor(options: MembershipOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    this.#lastSignOfLifeAt = performance.now();
    await this.#begin();
    this.#watch = setInterval(() => this.#check(), WATCH_EVERY_MS).unref();
  }

  async #begin(): Promise<void> {
    const consumer = this.#newConsumer();
    this.#consumer = consumer;
    this.#isBeginning = true;
    this.#hasJoined = false;
    this.#begunAt = performance.now();
    try {
      await consumer.connect();
      // Never used to read from, only so that no path of the library can fall back to the end of the log.
      await consumer.subscribe({ topics: [this.#options.topic], fromBeginning: true });
      await consumer.run({
        autoCommit: false,
        eachBatchAutoResolve: false,
        eachBatch: () => Promise.reject(new Error('a paused member was handed records')),
      });
    } finally {
      this.#isBeginning = false;
    }
  }

  /** What a consumer that was given up still has to say is not heard. */
  #newConsumer(): Consumer {
    const { connection, groupId, topic, owned, sessionMs } = this.#options;
    const kafka = createKafka(connection, { requestTimeoutMs: REQUEST_MS_MAX, retry: RETRY });
    const consumer = kafka.consumer({
      groupId,
      partitionAssigners: [stickyAssigner(topic, owned)],
      sessionTimeout: sessionMs,
      heartbeatInterval: HEARTBEAT_EVERY_MS,
      rebalanceTimeout: REBALANCE_MS_MAX,
      maxWaitTimeInMs: LOOP_TURN_MS,
      allowAutoTopicCreation: false,
      retry: { ...RETRY, restartOnFailure: () => Promise.resolve(isCurrent() && this.#isJoining()) },
    });
    const isCurrent = (): boolean => this.#consumer === consumer && !this.#isOver;
    const { events } = consumer;
    consumer.on(events.GROUP_JOIN, (event) => {
      if (isCurrent()) this.#joined(event, consumer);
    });
    consumer.on(events.REQUEST, (event) => {
      if (isCurrent()) this.#answered(event);
    });
    consumer.on(events.HEARTBEAT, () => {
      if (isCurrent()) this.#alive();
    });
    consumer.on(events.CRASH, ({ payload }) => {
      if (payload.restart || !isCurrent() || isOfNetwork(payload.error)) return;
      this.#lost('membership-lost', payload.error.message);
    });
    return consumer;
  }

  /** Resolves at the next heartbeat that the group answers: until then the partitions may be lost already. */
  confirmed(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Ms since the last call that the group has answered was sent; past a session the partitions may be another's. */
  get confirmedAgoMs(): number {
    return performance.now() - this.#confirmedAt;
  }

  /** Leaves the group at once, so that the others share out what was ours. */
  async stop(): Promise<void> {
    this.#isOver = true;
    clearInterval(this.#watch);
    await this.#consumer?.disconnect();
  }

  /** Runs before the first fetch of the new generation, and a throw here would crash the library's loop. */
  #joined({ payload }: ConsumerGroupJoinEvent, consumer: Consumer): void {
    const { topic, onAssignment } = this.#options;
    try {
      this.#hasJoined = true;
      this.#confirm('SyncGroup');
      consumer.pause([{ topic }]);
      onAssignment(payload.memberAssignment[topic] ?? []);
    } catch (error) {
      this.#lost('membership-lost', error instanceof Error ? error.message : String(error));
    }
  }

  /**
   * A coordinator that still loads makes the library give up at its first try to join; that is the normal state of
   * a broker that has just started, and of one that has just taken over from the coordinator that was lost. A consumer
   * that has not joined owns nothing, so the library may try again.
   */
  #isJoining(): boolean {
    return !this.#hasJoined && !this.#isOver && performance.now() - this.#begunAt < JOIN_MS_MAX;
  }

  #alive(): void {
    this.#confirm('Heartbeat');
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  #answered({ payload }: RequestEvent): void {
    this.#tookMs.set(payload.apiName, payload.duration);
  }

  /** Counted from the sending: the answer may have waited long for a process that stood still. */
  #confirm(call: 'Heartbeat' | 'SyncGroup'): void {
    this.#lastSignOfLifeAt = performance.now();
    this.#confirmedAt = this.#lastSignOfLifeAt - (this.#tookMs.get(call) ?? 0);
  }

  #check(): void {
    const silentMs = performance.now() - this.#lastSignOfLifeAt;
    if (silentMs > SILENCE_MS_MAX)
      this.#lost('membership-stalled', `no heartbeat answered for ${Math.round(silentMs)} ms`);
    else if (silentMs > this.#options.sessionMs + REJOIN_AFTER_MS) this.#beginAnew();
  }

  /** Not before the last beginning had the same time, and never two at once. */
  #beginAnew(): void {
    const beganMs = performance.now() - this.#begunAt;
    if (this.#isBeginning || beganMs < this.#options.sessionMs + REJOIN_AFTER_MS) return;
    // It may try to reach its broker for a while yet, and nobody waits for it.
    void this.#consumer?.disconnect().catch(() => undefined);
    this.#begin().catch((error: unknown) => {
      if (!isOfNetwork(error))
        this.#lost('membership-lost', error instanceof Error ? error.message : String(error));
    });
  }

  #lost(code: 'membership-lost' | 'membership-stalled', detail: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearInterval(this.#watch);
    this.#options.onLost(new LogReadError(code, `group ${this.#options.groupId}: ${detail}`));
  }
}
