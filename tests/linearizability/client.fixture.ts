import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { ClientOrders, ClientWord } from './client-messages.fixture.ts';
import type { AnsweredWrite } from './operation.fixture.ts';

const PROCESS = fileURLToPath(new URL('./client-process.fixture.ts', import.meta.url));
const FINISH_MS_MAX = 60_000;

/** A client process: *working* → *finished* by `finish`, with its leases given back, or *killed*. */
export class Client {
  readonly #child: ChildProcess;
  readonly #orders: ClientOrders;
  readonly #asked = new Map<number, AnsweredWrite>();

  constructor(orders: ClientOrders) {
    this.#orders = orders;
    this.#child = fork(PROCESS, [JSON.stringify(orders)], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    this.#child.on('message', (word) => this.#heard(word as ClientWord));
  }

  get hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** Those without an answer are unknown: whoever made them was killed, or has not been told yet. */
  get writes(): readonly AnsweredWrite[] {
    return [...this.#asked.values()];
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

  async finish(): Promise<void> {
    if (this.hasEnded) return;
    const ended = once(this.#child, 'exit', { signal: AbortSignal.timeout(FINISH_MS_MAX) });
    this.#child.send('finish');
    await ended;
    if (this.#child.exitCode !== 0)
      throw new Error(`${this.#orders.connect.workerId} ended with ${String(this.#child.exitCode)}`);
  }

  #heard(word: ClientWord): void {
    if (word.kind === 'asked') {
      const { connect, target } = this.#orders;
      const { profileId, token, callMs } = word;
      const about = { client: connect.workerId, target, profileId, token, callMs };
      const asked: AnsweredWrite = { ...about, answer: 'unknown', answeredMs: null };
      this.#asked.set(word.id, asked);
      return;
    }
    const asked = this.#asked.get(word.id);
    if (asked === undefined) throw new Error(`an answer to a write that was never asked for: ${word.id}`);
    const { answer, answeredMs } = word;
    this.#asked.set(word.id, { ...asked, answer, answeredMs });
  }
}
