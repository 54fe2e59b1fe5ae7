import { partitionOf } from '@profile-warden/kafka';
import { PARTITION_COUNT } from './fault-settings.fixture.ts';

/** So many profiles whose records lie on these partitions. */
export const profilesOn = (partitions: readonly number[], name: string, count: number): readonly string[] => {
  const found: string[] = [];
  for (let index = 0; found.length < count; index += 1) {
    const profileId = `${name}-${index}`;
    if (partitions.includes(partitionOf(profileId, PARTITION_COUNT))) found.push(profileId);
  }
  return found;
};
