import { startServices, type Stack } from '@profile-warden/devstack';
import { readFile } from 'node:fs/promises';

interface Line {
  readonly time: number;
  readonly msg: string;
  readonly nextOffset?: number;
}

export interface RestoreTime {
  /** From the first partition assigned to the last one that is live. */
  readonly ms: number;
  /** Where all partitions together stand then. */
  readonly offsets: number;
  /** Partitions that began at a snapshot. */
  readonly snapshots: number;
}

/** How a fresh stale-detector restores, with a group of its own (`label`). */
export const timeRestore = async (
  stack: Stack,
  topic: string,
  label: string,
  env: Readonly<Record<string, string>> = {},
): Promise<RestoreTime> => {
  await using services = await startServices(stack, {
    names: ['stale-detector'],
    topic,
    label,
    cluster: label,
    deploy: false,
    env: { WARDEN_FENCE_TARGETS: '', ...env },
  });
  const text = await readFile(services.of('stale-detector').logFile, 'utf8');
  const lines = text.split('\n').flatMap((line) => (line.startsWith('{') ? [JSON.parse(line) as Line] : []));
  const assigned = lines.filter(({ msg }) => msg === 'partition assigned').map(({ time }) => time);
  const live = lines.filter(({ msg }) => msg.startsWith('restored'));
  return {
    ms: Math.max(...live.map(({ time }) => time)) - Math.min(...assigned),
    offsets: live.reduce((sum, { nextOffset = 0 }) => sum + nextOffset, 0),
    snapshots: lines.filter(({ msg }) => msg.startsWith('a snapshot')).length,
  };
};
