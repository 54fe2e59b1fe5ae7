import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { FleetOrder, FleetOrders, FleetWord } from './fleet-messages.fixture.ts';

const PROCESS = fileURLToPath(new URL('./fleet-process.fixture.ts', import.meta.url));
const NOTHING: FleetWord = {
  granted: 0,
  denied: 0,
  released: 0,
  lost: 0,
  failed: 0,
  slowestMs: 0,
  lastError: null,
  isFinished: false,
};

/** A process full of real workers: *working* → *finished* by `finish`, every lease given back, or *killed*. */
export class Fleet {
  readonly #child: ChildProcess;
  readonly #orders: FleetOrders;
  #word: FleetWord = NOTHING;
  #watchers: (() => void)[] = [];

  constructor(orders: FleetOrders) {
    this.#orders = orders;
    this.#child = fork(PROCESS, [JSON.stringify(orders)], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    this.#child.on('message', (word) => {
      this.#word = word as FleetWord;
      this.#look();
    });
    this.#child.once('exit', () => this.#look());
  }

  get word(): FleetWord {
    return this.#word;
  }

  get hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** Waits until what the fleet tells satisfies the look. Rejects after the bound, or when the fleet ends before. */
  until(what: string, boundMs: number, look: (word: FleetWord) => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const about = (): string => `${this.#orders.name}: ${what}; it told ${JSON.stringify(this.#word)}`;
      const timer = setTimeout(() => reject(new Error(`not within ${boundMs} ms: ${about()}`)), boundMs);
      const watch = (): void => {
        if (look(this.#word)) {
          clearTimeout(timer);
          resolve();
        } else if (this.hasEnded) {
          clearTimeout(timer);
          reject(new Error(`the fleet ended before ${about()}`));
        } else this.#watchers.push(watch);
      };
      watch();
    });
  }

  /** Waits for so many more grants. */
  async grants(count: number, boundMs: number): Promise<void> {
    const goal = this.#word.granted + count;
    await this.until(`${count} more grants`, boundMs, ({ granted }) => granted >= goal);
  }

  async finish(boundMs: number): Promise<FleetWord> {
    const order: FleetOrder = 'finish';
    this.#child.send(order);
    await this.until('to finish', boundMs, ({ isFinished }) => isFinished);
    if (!this.hasEnded) await once(this.#child, 'exit');
    return this.#word;
  }

  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.#child.kill(signal);
  }

  async kill(): Promise<void> {
    if (this.hasEnded) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await ended;
  }

  #look(): void {
    for (const watch of this.#watchers.splice(0)) watch();
  }
}
