import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** Records a second that plain kafkajs reads from the topic, in a process of its own like the service. */
export const measureRaw = (
  target: { readonly brokers: readonly string[]; readonly topic: string },
  groupId: string,
): Promise<number> => {
  const child = fork(
    fileURLToPath(new URL('./raw-reader.ts', import.meta.url)),
    [target.brokers.join(), target.topic, groupId],
    { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] },
  );
  return new Promise((resolve, reject) => {
    child.once('message', (rate) => resolve(Number(rate)));
    child.once('exit', (code) =>
      reject(new Error(`the raw reader ended with ${String(code)} without a figure`)),
    );
  });
};
