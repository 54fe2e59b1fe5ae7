import { fork, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { until } from './browser.fixture.ts';
import type { HistoryCommand, HistoryOrders, HistoryStep, HistoryWord } from './history-messages.fixture.ts';

const PROGRAM = join(import.meta.dirname, 'history-worker-process.fixture.ts');

/** Gone, or a zombie that nobody has asked for. */
function isDead(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.charAt(stat.lastIndexOf(')') + 2) === 'Z';
  } catch {
    return true;
  }
}

/** A worker process of a history: *asking* → *leased* → *open*, its browser is up → *dead* or released. */
export class HistoryWorker {
  readonly #child: ChildProcess;
  readonly #orders: HistoryOrders;
  readonly #words: HistoryWord[] = [];
  #browserPid = 0;

  constructor(orders: HistoryOrders) {
    this.#orders = orders;
    this.#child = fork(PROGRAM, [JSON.stringify(orders)], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    this.#child.on('message', (word: HistoryWord) => this.#words.push(word));
  }

  /** The token of its lease. */
  async leased(): Promise<number> {
    return (await this.#hears('leased')).token;
  }

  async opens(): Promise<void> {
    this.#tell({ do: 'open' });
    this.#browserPid = (await this.#hears('opened')).browserPid;
  }

  /** Resolves when the action of the step was called, and no sooner. */
  async begins(step: HistoryStep): Promise<void> {
    this.#tell({ do: 'step', step });
    await this.#hears('begun', step.name);
  }

  async does(step: HistoryStep): Promise<void> {
    await this.begins(step);
    await this.#hears('ok', step.name);
  }

  async failsAt(step: HistoryStep): Promise<void> {
    await this.begins(step);
    await this.#hears('failed', step.name);
  }

  async releases(browserClosed: 'confirmed' | 'unconfirmed' = 'confirmed'): Promise<void> {
    this.#tell({ do: 'release', browserClosed });
    await this.#hears('released');
  }

  /** SIGKILL to the worker, and to its browser unless that lives on. */
  async dies(browser: 'too' | 'lives-on' = 'too'): Promise<void> {
    if (!this.#hasEnded) this.#child.kill('SIGKILL');
    await until(() => this.#hasEnded, `${this.#orders.connection.workerId} has ended`);
    if (browser === 'lives-on' || this.#browserPid === 0) return;
    this.killBrowser();
    await until(
      () => isDead(this.#browserPid),
      `the browser of ${this.#orders.connection.workerId} has ended`,
    );
  }

  killBrowser(): void {
    if (this.#browserPid === 0) return;
    try {
      process.kill(this.#browserPid, 'SIGKILL');
    } catch {
      // It has ended already.
    }
  }

  get #hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  #tell(command: HistoryCommand): void {
    this.#child.send(command);
  }

  async #hears<W extends HistoryWord['word']>(
    word: W,
    step?: string,
  ): Promise<Extract<HistoryWord, { word: W }>> {
    const { workerId } = this.#orders.connection;
    const isIt = (said: HistoryWord): said is Extract<HistoryWord, { word: W }> =>
      said.word === word && (step === undefined || ('step' in said && said.step === step));
    const isOver = () => this.#hasEnded || this.#words.some((said) => said.word === 'broken');
    await until(() => this.#words.some(isIt) || isOver(), `${workerId} says "${word}"`);
    const found = this.#words.find(isIt);
    if (found === undefined)
      throw new Error(`${workerId} said ${JSON.stringify(this.#words)} and never "${word}"`);
    return found;
  }
}
