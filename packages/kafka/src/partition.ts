import type { NewEvent } from '@profile-warden/events';
import { murmur2 } from './kafkajs-internals.ts';

/** Where the records of a profile lie: Java's default partitioner, so every Kafka client agrees. */
export function partitionOf(profileId: string, partitionCount: number): number {
  return (murmur2(profileId) & 0x7fffffff) % partitionCount;
}

/** The key decides; without one the event must name its partition. Throws where the two disagree. */
export function partitionOfEvent(event: NewEvent, partitionCount: number): number {
  const { profileId, partition } = event;
  const own = profileId === null ? partition : partitionOf(profileId, partitionCount);
  if (own === undefined)
    throw new RangeError(`${event.event.type} has neither a profile nor a partition: nobody would find it`);
  if (partition !== undefined && partition !== own)
    throw new RangeError(
      `${event.event.type} of ${profileId ?? ''} belongs to partition ${own}, not ${partition}`,
    );
  if (!Number.isInteger(own) || own < 0 || own >= partitionCount)
    throw new RangeError(`partition ${own} does not exist, the topic has ${partitionCount}`);
  return own;
}
