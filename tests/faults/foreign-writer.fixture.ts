import type { NewEvent } from '@profile-warden/events';
import { KafkaAppender, KafkaEpochWriter, SchemaRegistryClient } from '@profile-warden/kafka';
import type { Rule } from '@profile-warden/testkit/proxy';
import type { FaultWorld } from './fault-world.fixture.ts';

const PARTITION_COUNT = 6;

/** What a program of somebody else needs to write to the topic as we do. */
const writing = async (world: FaultWorld, clientId: string) => {
  const registry = new SchemaRegistryClient({ url: world.stack.registryUrl });
  const schemaIds = await registry.schemaIds().finally(() => registry.close());
  const connection = { brokers: world.brokers, clientId };
  return { connection, topic: world.topic, partitionCount: PARTITION_COUNT, schemaIds, source: clientId };
};

/** Plain appends. Where a schema id is given, records of that type name it in place of the registered one. */
export const foreignAppender = async (
  world: FaultWorld,
  clientId: string,
  schemaIds: ReadonlyMap<NewEvent['event']['type'], number> = new Map(),
): Promise<KafkaAppender> => {
  const options = await writing(world, clientId);
  return new KafkaAppender({ ...options, schemaIds: new Map([...options.schemaIds, ...schemaIds]) });
};

/**
 * A producer with a transactional id of its own whose transactions never end by themselves: their commits are lost on
 * the way, so that the next one, or `close`, has them aborted.
 */
export class AbortingWriter {
  readonly #epochs: KafkaEpochWriter;
  readonly #lost: Rule;

  private constructor(epochs: KafkaEpochWriter, lost: Rule) {
    this.#epochs = epochs;
    this.#lost = lost;
  }

  static async open(world: FaultWorld, clientId: string): Promise<AbortingWriter> {
    const epochs = new KafkaEpochWriter({ ...(await writing(world, clientId)), cluster: clientId });
    const lost = world.proxy.set({ apis: ['EndTxn'], way: 'request', fate: { kind: 'drop' }, clientId });
    return new AbortingWriter(epochs, lost);
  }

  /** Transactions that were written and not committed. */
  get count(): number {
    return this.#lost.met;
  }

  /** Writes the event in a transaction of its own; resolves when its commit was lost, that much later. */
  async leaveOpen(event: NewEvent & { readonly partition: number }, openMs: number): Promise<void> {
    const isWritten = this.#lost.met + 1;
    const given = new AbortController();
    const opening = this.#epochs.takeOver(event.partition, event, given.signal).catch(() => undefined);
    while (this.#lost.met < isWritten) await new Promise((resolve) => setTimeout(resolve, 2));
    await new Promise((resolve) => setTimeout(resolve, openMs));
    given.abort();
    await opening;
  }

  /** The last one is aborted too, by one that is committed. */
  async close(event: NewEvent & { readonly partition: number }): Promise<void> {
    this.#lost.lift();
    const epoch = await this.#epochs.takeOver(event.partition, event, AbortSignal.timeout(30_000));
    await epoch.close();
  }
}
