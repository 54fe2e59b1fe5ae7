import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { WorkerOrders, WorkerWord } from './orders.ts';

const PROGRAM = fileURLToPath(new URL('./worker.ts', import.meta.url));

/** Runs one worker to its end, whichever that is, and returns what it said. Aborting the signal ends it. */
export async function runWorker(
  orders: WorkerOrders,
  onWord: (word: WorkerWord) => void,
  signal: AbortSignal,
): Promise<readonly WorkerWord[]> {
  const words: WorkerWord[] = [];
  const child: ChildProcess = fork(PROGRAM, [JSON.stringify(orders)], { signal, killSignal: 'SIGTERM' });
  child.on('message', (word: WorkerWord) => {
    words.push(word);
    onWord(word);
  });
  // Aborted: its end is told by `exit` all the same.
  child.on('error', () => undefined);
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0 && words.at(-1)?.word !== 'dies')
    throw new Error(`the worker ended with code ${code} after ${JSON.stringify(words.at(-1))}`);
  return words;
}
