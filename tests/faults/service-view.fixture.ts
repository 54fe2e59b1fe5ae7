import { open, readFile, stat } from 'node:fs/promises';
import type { ServiceHandle } from '@profile-warden/devstack';

/** What a service tells of itself over HTTP and in its log, in whatever state it is. */
export interface FoldedState {
  readonly partition: number;
  readonly nextOffset: number;
  readonly hash: string;
}

/** A line that a service has logged. */
interface Line {
  /** 30 info, 40 warn, 50 error, 60 fatal. */
  readonly level: number;
  readonly msg: string;
  readonly partition?: number;
}

const BOUND_MS = 5_000;

const ask = async (service: ServiceHandle, path: string): Promise<Response> =>
  fetch(`http://127.0.0.1:${await service.port()}${path}`, { signal: AbortSignal.timeout(BOUND_MS) });

export const statesOf = async (service: ServiceHandle): Promise<readonly FoldedState[]> => {
  const answer = (await (await ask(service, '/state')).json()) as { partitions: FoldedState[] };
  return answer.partitions;
};

/** Values of one metric by its labels, the name of the service left out; the whole of it under ''. */
export const metricOf = async (
  service: ServiceHandle,
  name: string,
): Promise<ReadonlyMap<string, number>> => {
  const text = await (await ask(service, '/metrics')).text();
  const values = new Map<string, number>();
  for (const line of text.split('\n')) {
    const [, labels = '', value] = new RegExp(`^${name}(?:\\{(.*)\\})? (\\S+)$`).exec(line) ?? [];
    if (value === undefined) continue;
    const kept = labels.split(',').filter((label) => label !== '' && !label.startsWith('service='));
    values.set(kept.join(), Number(value));
  }
  return values;
};

/** Everything it has written so far, warnings of Node included. */
export const logOf = (service: ServiceHandle): Promise<string> => readFile(service.logFile, 'utf8');

/** What /livez says, or false where nobody answers. */
export const isAlive = (service: ServiceHandle): Promise<boolean> =>
  ask(service, '/livez').then(
    ({ ok }) => ok,
    () => false,
  );

/** What a service logs from now on, its next run included. */
export const logFromNow = async (
  service: ServiceHandle,
): Promise<{ readonly lines: () => Promise<readonly Line[]> }> => {
  const { size: start } = await stat(service.logFile);
  return {
    lines: async () => {
      await using file = await open(service.logFile);
      const { size } = await file.stat();
      const { buffer, bytesRead } = await file.read(Buffer.alloc(size - start), 0, size - start, start);
      const lines = buffer.toString('utf8', 0, bytesRead).split('\n');
      return lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as Line);
    },
  };
};
