/** A loop under test: takes requests in, and calls back with each answer that it was given. */
export interface Loop {
  readonly start: (onAnswer: (id: string) => void) => Promise<void>;
  /** Appends requests; resolves when the broker has them. */
  readonly ask: (ids: readonly string[]) => Promise<unknown>;
}

const ANSWER_MS_MAX = 30_000;

interface Asked {
  readonly at: number;
  readonly settle: () => void;
}

/** Asks a loop at a fixed rate, or as fast as it answers, and measures from the call to the answer read back. */
export class Load {
  readonly #loop: Loop;
  readonly #asked = new Map<string, Asked>();
  readonly #samples: number[] = [];

  constructor(loop: Loop) {
    this.#loop = loop;
  }

  async start(): Promise<void> {
    await this.#loop.start((id) => {
      const asked = this.#asked.get(id);
      if (asked === undefined) return;
      this.#asked.delete(id);
      this.#samples.push(performance.now() - asked.at);
      asked.settle();
    });
  }

  /** One request after the other, `perSecond` of them, whatever the answers do; resolves with the times taken, in ms. */
  async paced(ids: readonly string[], perSecond: number): Promise<readonly number[]> {
    this.#samples.length = 0;
    const startedAt = performance.now();
    const answers: Promise<void>[] = [];
    for (const [index, id] of ids.entries()) {
      const waitMs = startedAt + (index * 1000) / perSecond - performance.now();
      if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
      answers.push(this.#ask([id]));
    }
    await Promise.all(answers);
    return [...this.#samples];
  }

  /** Keeps `outstandingMax` requests on their way and returns how many were answered per second. */
  async full(ids: readonly string[], batchCount: number, outstandingMax: number): Promise<number> {
    const startedAt = performance.now();
    const underWay = new Set<Promise<void>>();
    for (let index = 0; index < ids.length; index += batchCount) {
      while (underWay.size * batchCount >= outstandingMax) await Promise.race(underWay);
      const answered = this.#ask(ids.slice(index, index + batchCount)).finally(() =>
        underWay.delete(answered),
      );
      underWay.add(answered);
    }
    await Promise.all(underWay);
    return Math.round((ids.length * 1000) / (performance.now() - startedAt));
  }

  async #ask(ids: readonly string[]): Promise<void> {
    const answers = ids.map((id) => {
      let settle: () => void = () => undefined;
      const answered = new Promise<void>((resolve) => (settle = resolve));
      this.#asked.set(id, { at: performance.now(), settle });
      return answered;
    });
    await this.#loop.ask(ids);
    const timeout = new Promise<never>((_, reject) =>
      setTimeout(() => reject(new Error(`no answer within ${ANSWER_MS_MAX} ms`)), ANSWER_MS_MAX).unref(),
    );
    await Promise.race([Promise.all(answers), timeout]);
  }
}
