import { Worker } from 'node:worker_threads';
import type { SeedReport } from './seed-report.ts';

export interface SeedRange {
  readonly first: number;
  readonly count: number;
}

export interface PoolOptions {
  /** 1 up to 64. */
  readonly threads: number;
  /** Real ms that one seed may take before it is given up. Default 60,000. */
  readonly seedMsMax?: number;
  /** Default: the simulation. */
  readonly entry?: URL;
  readonly signal?: AbortSignal;
}

const SEED_MS_MAX = 60_000;
/** Reports that wait for that of a lower seed; as long as so many do, no further seed is begun. */
const AHEAD_MAX = 256;

/**
 * Runs seeds in threads, each one seed at a time, and hands their reports on in the order of the seeds, however they
 * were shared out. *Running* → *over* with the last report, with an `onReport` that returns false, or by the signal;
 * then every thread has ended. A thread that dies or does not come to an end fails its seed and is replaced.
 */
export const runSeeds = async (
  { first, count }: SeedRange,
  options: PoolOptions,
  onReport: (report: SeedReport) => boolean,
): Promise<void> => {
  if (!Number.isInteger(options.threads) || options.threads < 1 || options.threads > 64)
    throw new RangeError(`threads must be 1 to 64, not ${options.threads}`);
  const queue = new SeedQueue(first, count, onReport);
  const abort = (): void => queue.stop();
  options.signal?.addEventListener('abort', abort, { once: true });
  if (options.signal?.aborted === true) queue.stop();
  const lanes = Math.min(options.threads, count);
  try {
    await Promise.all(Array.from({ length: lanes }, () => new SeedLane(queue, options).run()));
  } finally {
    options.signal?.removeEventListener('abort', abort);
  }
};

/** Seeds in order, and their reports back in the same order. */
class SeedQueue {
  readonly #end: number;
  readonly #onReport: (report: SeedReport) => boolean;
  readonly #waiting = new Map<number, SeedReport>();
  readonly #idle: (() => void)[] = [];
  readonly #stopping: (() => void)[] = [];
  #next: number;
  #reported: number;
  #isOver = false;

  constructor(first: number, count: number, onReport: (report: SeedReport) => boolean) {
    this.#next = first;
    this.#reported = first;
    this.#end = first + count;
    this.#onReport = onReport;
  }

  /** The next seed to run; null when there is none. */
  async take(): Promise<number | null> {
    while (!this.#isOver && this.#next < this.#end && this.#next >= this.#reported + AHEAD_MAX)
      await new Promise<void>((resolve) => this.#idle.push(resolve));
    if (this.#isOver || this.#next >= this.#end) return null;
    this.#next += 1;
    return this.#next - 1;
  }

  put(report: SeedReport): void {
    this.#waiting.set(report.seed, report);
    for (let next = this.#waiting.get(this.#reported); next !== undefined && !this.#isOver;) {
      this.#waiting.delete(this.#reported);
      this.#reported += 1;
      if (!this.#onReport(next)) this.stop();
      next = this.#waiting.get(this.#reported);
    }
    for (const go of this.#idle.splice(0)) go();
  }

  stop(): void {
    this.#isOver = true;
    for (const go of [...this.#idle.splice(0), ...this.#stopping.splice(0)]) go();
  }

  onStop(stop: () => void): void {
    if (this.#isOver) stop();
    else this.#stopping.push(stop);
  }
}

/** Of these nobody knows what they have left behind in the thread. */
const ENDS_THREAD: ReadonlySet<string> = new Set(['error', 'hang']);

const failed = (seed: number, message: string, invariant = 'error'): SeedReport => ({
  seed,
  steps: 0,
  records: 0,
  seen: [],
  failure: { invariant, message: `${invariant}: ${message}`, atMs: 0 },
});

/** One thread at a time, for as long as there are seeds. */
class SeedLane {
  readonly #queue: SeedQueue;
  readonly #options: PoolOptions;

  constructor(queue: SeedQueue, options: PoolOptions) {
    this.#queue = queue;
    this.#options = options;
  }

  async run(): Promise<void> {
    let worker: Worker | null = null;
    this.#queue.onStop(() => void worker?.terminate());
    for (let seed = await this.#queue.take(); seed !== null; seed = await this.#queue.take()) {
      worker ??= new Worker(this.#options.entry ?? new URL('./seed-thread.ts', import.meta.url));
      const report = await this.#one(worker, seed);
      this.#queue.put(report ?? failed(seed, 'the thread that ran it was ended'));
      if (report === null || ENDS_THREAD.has(report.failure?.invariant ?? '')) {
        await worker.terminate();
        worker = null;
      }
    }
    await worker?.terminate();
  }

  #one(worker: Worker, seed: number): Promise<SeedReport | null> {
    const limitMs = this.#options.seedMsMax ?? SEED_MS_MAX;
    return new Promise((resolve) => {
      const settle = (report: SeedReport | null): void => {
        clearTimeout(timer);
        for (const event of ['message', 'error', 'exit']) worker.removeAllListeners(event);
        // What still goes wrong in it concerns nobody any more.
        worker.on('error', () => undefined);
        resolve(report);
      };
      const timer = setTimeout(() => settle(failed(seed, `no end within ${limitMs} ms`, 'hang')), limitMs);
      worker.once('message', (report: SeedReport) => settle(report));
      worker.once('error', (error) => settle(failed(seed, String(error))));
      worker.once('exit', () => settle(null));
      worker.postMessage(seed);
    });
  }
}
