import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { HOST_ID, PARTITION_COUNT } from './fault-settings.fixture.ts';
import type { FaultWorld } from './fault-world.fixture.ts';
import type { HolderOrder, HolderOrders, HolderWord, JournalLine } from './worker-messages.fixture.ts';

const PROCESS = fileURLToPath(new URL('./worker-holder-process.fixture.ts', import.meta.url));

/** A process full of leases: *starting* → *holding* → *shut down* by its order, or *killed*. */
export class Holder implements AsyncDisposable {
  readonly name: string;
  readonly #child: ChildProcess;
  readonly #journal: string;
  readonly #said = new Set<HolderWord['say']>();

  private constructor(orders: HolderOrders) {
    this.name = orders.name;
    this.#journal = orders.journal;
    this.#child = fork(PROCESS, [JSON.stringify(orders)], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    this.#child.on('message', (word) => this.#said.add((word as HolderWord).say));
  }

  static async start(
    world: FaultWorld,
    name: string,
    leaseCount: number,
    options: Partial<Pick<HolderOrders, 'actEveryMs' | 'browserUrl'>> = {},
  ): Promise<Holder> {
    const folder = await mkdtemp(join(tmpdir(), 'warden-holder-'));
    const { heartbeatEveryMs, marginMs } = world.policy;
    return new Holder({
      name,
      leaseCount,
      brokers: world.brokers,
      registryUrl: world.registry.url,
      topic: world.topic,
      partitionCount: PARTITION_COUNT,
      hostId: HOST_ID,
      heartbeatEveryMs,
      marginMs,
      actEveryMs: 3_000,
      browserUrl: null,
      journal: join(folder, `${name}.jsonl`),
      ...options,
    });
  }

  /** What its process has written down so far. */
  get journal(): readonly JournalLine[] {
    if (!existsSync(this.#journal)) return [];
    const lines = readFileSync(this.#journal, 'utf8').split('\n').slice(0, -1);
    return lines.map((line) => JSON.parse(line) as JournalLine);
  }

  did(what: JournalLine['did'], fromMs = 0, toMs = Infinity): readonly JournalLine[] {
    return this.journal.filter(({ did, at }) => did === what && at >= fromMs && at <= toMs);
  }

  order(order: HolderOrder): void {
    this.#child.send(order);
  }

  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.#child.kill(signal);
  }

  async until(say: HolderWord['say'], boundMs: number): Promise<void> {
    const untilMs = performance.now() + boundMs;
    while (!this.#said.has(say)) {
      if (this.#child.exitCode !== null) throw new Error(`${this.name} ended before it was ${say}`);
      if (performance.now() > untilMs) throw new Error(`${this.name} is not ${say} within ${boundMs} ms`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const ended = once(this.#child, 'exit');
      this.#child.kill('SIGKILL');
      await ended;
    }
    await rm(dirname(this.#journal), { recursive: true, force: true });
  }
}
