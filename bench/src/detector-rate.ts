import { startServices, type Stack } from '@profile-warden/devstack';
import { readFile } from 'node:fs/promises';

interface Line {
  readonly time: number;
  readonly msg: string;
  readonly nextOffset?: number;
}

/** Records a second that a fresh stale-detector folds, from its first assignment to its last partition restored. */
export const measureDetector = async (stack: Stack, topic: string, label: string): Promise<number> => {
  await using services = await startServices(stack, {
    names: ['stale-detector'],
    topic,
    label,
    cluster: label,
    deploy: false,
    env: { WARDEN_FENCE_TARGETS: '' },
  });
  const text = await readFile(services.of('stale-detector').logFile, 'utf8');
  const lines = text.split('\n').flatMap((line) => (line.startsWith('{') ? [JSON.parse(line) as Line] : []));
  const assigned = lines.filter(({ msg }) => msg === 'partition assigned').map(({ time }) => time);
  const live = lines.filter(({ msg }) => msg.startsWith('restored'));
  const ms = Math.max(...live.map(({ time }) => time)) - Math.min(...assigned);
  return (live.reduce((sum, { nextOffset = 0 }) => sum + nextOffset, 0) * 1000) / ms;
};
