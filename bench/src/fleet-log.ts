import type { NewEvent } from '@profile-warden/events';
import { KafkaAppender, SchemaRegistryClient } from '@profile-warden/kafka';
import { stepCompleted, stepStarted } from '@profile-warden/testkit/spec';

const BATCH = 2_000;
const SENDS_AHEAD = 4;
const READ = { name: 'look', repeatable: true, url: null, proxyId: null };

export interface FleetTarget {
  readonly brokers: readonly string[];
  readonly registryUrl: string;
  readonly topic: string;
  readonly partitionCount: number;
}

/** Writes what a fleet of held profiles says, as fast as the broker takes it. */
export class FleetLog {
  readonly #profiles: readonly string[];
  readonly #registry: SchemaRegistryClient;
  readonly #appender: KafkaAppender;
  #beats = 0;
  #steps = 0;

  static async open(target: FleetTarget, profiles: readonly string[]): Promise<FleetLog> {
    const registry = new SchemaRegistryClient({ url: target.registryUrl, clientId: 'bench' });
    const appender = new KafkaAppender({
      ...target,
      connection: { brokers: target.brokers, clientId: 'bench' },
      schemaIds: await registry.schemaIds(),
      source: 'bench',
      queuedCountMax: BATCH * (SENDS_AHEAD + 1),
    });
    return new FleetLog(profiles, registry, appender);
  }

  private constructor(profiles: readonly string[], registry: SchemaRegistryClient, appender: KafkaAppender) {
    this.#profiles = profiles;
    this.#registry = registry;
    this.#appender = appender;
  }

  /** One after the other from all profiles. */
  heartbeats(count: number): Promise<void> {
    return this.#append(count, () => {
      const index = this.#beats++;
      const profileId = this.#profiles[index % this.#profiles.length] ?? '';
      const seq = Math.floor(index / this.#profiles.length) + 1;
      return {
        id: `b.${index}`,
        profileId,
        event: {
          type: 'Heartbeat',
          token: 1,
          incarnation: profileId,
          seq,
          browser: 'reachable',
          loopLagMs: 3,
        },
      };
    });
  }

  /** Steps begun and ended: each moves its profile's state and is archived. */
  steps(count: number): Promise<void> {
    return this.#append(count, () => {
      const index = this.#steps++;
      const half = index % 2;
      const pair = (index - half) / 2;
      const profileId = this.#profiles[pair % this.#profiles.length] ?? '';
      const stepId = `step-${pair}`;
      return {
        id: `s.${index}`,
        profileId,
        event: half === 0 ? stepStarted(stepId, 'read', READ) : stepCompleted(stepId),
      };
    });
  }

  async close(): Promise<void> {
    await this.#appender.close();
    this.#registry.close();
  }

  async #append(count: number, next: () => NewEvent): Promise<void> {
    const underWay: Promise<unknown>[] = [];
    for (let index = 0; index < count; index += BATCH) {
      const size = Math.min(BATCH, count - index);
      underWay.push(this.#appender.append(Array.from({ length: size }, next)));
      if (underWay.length > SENDS_AHEAD) await underWay.shift();
    }
    await Promise.all(underWay);
  }
}
