import type { Producer } from 'kafkajs';

/** One producer of the library, connected with its first use. Later ones have greater numbers. */
export class Generation {
  readonly number: number;
  readonly #connect: () => Promise<Producer>;
  #producer: Promise<Producer> | undefined;
  /** Sends under way. */
  useCount = 0;

  constructor(number: number, connect: () => Promise<Producer>) {
    this.number = number;
    this.#connect = connect;
  }

  /** Rejects where no broker answers, and may be asked again. */
  connected(): Promise<Producer> {
    this.#producer ??= this.#connect().catch((error: unknown) => {
      this.#producer = undefined;
      throw error;
    });
    return this.#producer;
  }

  async disconnect(): Promise<void> {
    await this.#producer?.then((producer) => producer.disconnect()).catch(() => undefined);
  }
}

/**
 * Which producer a partition is written with. The library gives a failed send's sequence numbers to the next one, which
 * the broker may then take for a duplicate and acknowledge without writing it. So a partition never again uses a
 * producer with which a send to it has failed, while the others go on with theirs: one without a leader would else have
 * all of them begin anew, again and again.
 *
 * All partitions share the *common* generation; those that fail are *apart*, with the newest one. A newer generation
 * with which a send has succeeded becomes the common one. So the number of a partition's generation only grows,
 * which is what the rule above follows from. A generation that no partition has any more is disconnected after its last
 * send.
 */
export class ProducerGenerations {
  readonly #connect: () => Promise<Producer>;
  readonly #living = new Set<Generation>();
  readonly #apart = new Map<number, Generation>();
  #common: Generation;
  #newest: Generation;

  constructor(connect: () => Promise<Producer>) {
    this.#connect = connect;
    this.#newest = this.#common = this.#next(0);
  }

  get common(): Generation {
    return this.#common;
  }

  of(partition: number): Generation {
    return this.#apart.get(partition) ?? this.#common;
  }

  succeeded(generation: Generation): void {
    if (generation.number <= this.#common.number) return;
    this.#common = generation;
    for (const [partition, { number }] of this.#apart)
      if (number <= generation.number) this.#apart.delete(partition);
  }

  /** Returns whether a new producer had to be made. */
  failed(generation: Generation, partitions: Iterable<number>): boolean {
    const isNew = this.#newest === generation;
    if (isNew) this.#newest = this.#next(generation.number + 1);
    for (const partition of partitions)
      if (generation.number >= this.#common.number) this.#apart.set(partition, this.#newest);
    return isNew;
  }

  /** To be called behind each send. */
  retire(): void {
    const wanted = new Set([this.#common, ...this.#apart.values()]);
    for (const generation of this.#living)
      if (generation.useCount === 0 && !wanted.has(generation)) {
        this.#living.delete(generation);
        void generation.disconnect();
      }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#living].map((generation) => generation.disconnect()));
  }

  #next(number: number): Generation {
    const generation = new Generation(number, this.#connect);
    this.#living.add(generation);
    return generation;
  }
}
