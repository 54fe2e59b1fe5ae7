import { KafkaAppender, SchemaRegistryClient } from '@profile-warden/kafka';
import type { NewEvent } from '@profile-warden/events';
import { openGrantLoop } from './grant-loop.ts';
import { Load } from './load.ts';

const BATCH = 2_000;
const SENDS_AHEAD = 4;

/** A fleet that holds its profiles, granted by the real authority, and then beats round after round. */
export const appendFleet = async (
  target: {
    readonly brokers: readonly string[];
    readonly registryUrl: string;
    readonly topic: string;
    readonly partitionCount: number;
  },
  profileCount: number,
  heartbeatCount: number,
  say: (line: string) => void,
): Promise<void> => {
  const profiles = Array.from({ length: profileCount }, (_, index) => `profile-${index}`);
  const { loop, close } = await openGrantLoop(target);
  const load = new Load(loop);
  await load.start();
  say(`${profileCount} leases granted, ${await load.full(profiles, 250, 4_000)}/s`);
  await close();

  const registry = new SchemaRegistryClient({ url: target.registryUrl, clientId: 'bench' });
  const appender = new KafkaAppender({
    ...target,
    connection: { brokers: target.brokers, clientId: 'bench' },
    schemaIds: await registry.schemaIds(),
    source: 'bench',
    queuedCountMax: BATCH * (SENDS_AHEAD + 1),
  });
  const underWay: Promise<unknown>[] = [];
  for (let index = 0; index < heartbeatCount; index += BATCH) {
    const size = Math.min(BATCH, heartbeatCount - index);
    underWay.push(
      appender.append(Array.from({ length: size }, (_, one) => heartbeat(profiles, index + one))),
    );
    if (underWay.length > SENDS_AHEAD) await underWay.shift();
  }
  await Promise.all(underWay);
  await appender.close();
  registry.close();
  say(`${heartbeatCount} heartbeats appended`);
};

const heartbeat = (profiles: readonly string[], index: number): NewEvent => {
  const profileId = profiles[index % profiles.length] ?? '';
  const seq = Math.floor(index / profiles.length) + 1;
  return {
    id: `b.${index}`,
    profileId,
    event: { type: 'Heartbeat', token: 1, incarnation: profileId, seq, browser: 'reachable', loopLagMs: 3 },
  };
};
