import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { WorkerOrders, WorkerWord } from './messages.ts';

const PROCESS = fileURLToPath(new URL('./worker-process.ts', import.meta.url));

type WordOf<W extends WorkerWord['word']> = Extract<WorkerWord, { word: W }>;

/** A worker process seen from the demo. */
export class WorkerHandle {
  readonly workerId: string;
  readonly #child: ChildProcess;
  readonly #said: WorkerWord[] = [];
  readonly #listeners = new Set<() => void>();
  #browserPid = 0;
  #isStopped = false;

  constructor(orders: WorkerOrders) {
    this.workerId = orders.workerId;
    this.#child = fork(PROCESS, [JSON.stringify(orders)], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    this.#child.on('message', (word: WorkerWord) => {
      if (word.word === 'holding') this.#browserPid = word.browserPid;
      this.#said.push(word);
      for (const listener of [...this.#listeners]) listener();
    });
    this.#child.on('exit', () => {
      for (const listener of [...this.#listeners]) listener();
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Waits for the word; rejects when the worker fails or ends without it, or after the bound. */
  hears<W extends WorkerWord['word']>(word: W, boundMs: number): Promise<WordOf<W>> {
    return new Promise((resolve, reject) => {
      const end = (settle: () => void): void => {
        clearTimeout(timer);
        this.#listeners.delete(look);
        settle();
      };
      const timer = setTimeout(
        () => end(() => reject(new Error(`${this.workerId} did not say "${word}" within ${boundMs} ms`))),
        boundMs,
      );
      const look = (): void => {
        const found = this.#said.find((said): said is WordOf<W> => said.word === word);
        const failure = this.#said.find((said) => said.word === 'failed');
        if (found !== undefined) end(() => resolve(found));
        else if (failure !== undefined)
          end(() => reject(new Error(`${this.workerId} failed: ${failure.message}`)));
        else if (this.#child.exitCode !== null || this.#child.signalCode !== null)
          end(() =>
            reject(
              new Error(`${this.workerId} ended without saying "${word}", but ${JSON.stringify(this.#said)}`),
            ),
          );
      };
      this.#listeners.add(look);
      look();
    });
  }

  tell(message: string): void {
    this.#child.send(message);
  }

  /** Stops the worker, not its browser: the process is alive and does nothing. */
  stop(): void {
    this.#isStopped = true;
    this.#child.kill('SIGSTOP');
  }

  wake(): void {
    this.#isStopped = false;
    this.#child.kill('SIGCONT');
  }

  /** SIGKILL to the worker and to its browser with all its children. */
  kill(): void {
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.#child.kill('SIGKILL');
    if (this.#browserPid > 0)
      try {
        process.kill(-this.#browserPid, 'SIGKILL');
      } catch {
        // It has ended already.
      }
  }

  get isStopped(): boolean {
    return this.#isStopped;
  }
}
