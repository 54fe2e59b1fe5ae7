import type { ApiName } from './api-key.ts';

/** What is done with a frame that a rule meets. */
export type Fate =
  /** It waits until the rule is lifted, and on its connection everything behind it. */
  | { readonly kind: 'hold' }
  /** It goes on that much later, and on its connection everything behind it. */
  | { readonly kind: 'delay'; readonly ms: number }
  /** It is lost; what is behind it goes on. */
  | { readonly kind: 'drop' }
  /** The connection is cut in place of it, both ways. */
  | { readonly kind: 'cut' };

export interface RuleOptions {
  /** Which requests, or the responses to which requests. */
  readonly apis: readonly ApiName[];
  readonly way: 'request' | 'response';
  readonly fate: Fate;
  /** Only of clients whose id contains this. Default: of all. */
  readonly clientId?: string;
  /** How many frames at most. Default: all until the rule is lifted. */
  readonly times?: number;
  /** Asked last, with the whole frame: where it says no, the rule does not meet it. */
  readonly when?: (frame: Buffer) => boolean;
}

/** *Set* → *lifted* by `lift` or by `heal` of its proxy, for ever: what it holds then goes on in order. */
export class Rule {
  readonly options: RuleOptions;
  /** Frames that it has met so far. */
  met = 0;
  readonly #lifted: Promise<void>;
  #lift: () => void = () => undefined;
  #isLifted = false;
  readonly #onMet: (() => void)[] = [];

  constructor(options: RuleOptions) {
    this.options = options;
    this.#lifted = new Promise((resolve) => {
      this.#lift = resolve;
    });
  }

  get isLifted(): boolean {
    return this.#isLifted;
  }

  lift(): void {
    this.#isLifted = true;
    this.#lift();
  }

  /** Resolves when the rule has met its first frame. Rejects where that takes longer than the bound. */
  firstMet(boundMs: number): Promise<void> {
    if (this.met > 0) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const { apis, way } = this.options;
      const late = new Error(`no ${way} of ${apis.join(', ')} came by within ${boundMs} ms`);
      const timer = setTimeout(() => reject(late), boundMs);
      this.#onMet.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  untilLifted(): Promise<void> {
    return this.#lifted;
  }

  /** Whether it meets this frame; a frame that it meets is counted. */
  meets(way: 'request' | 'response', api: ApiName | null, clientId: string | null, frame: Buffer): boolean {
    const { options } = this;
    if (this.#isLifted || api === null || options.way !== way || !options.apis.includes(api)) return false;
    if (options.clientId !== undefined && clientId?.includes(options.clientId) !== true) return false;
    if (this.met >= (options.times ?? Infinity) || options.when?.(frame) === false) return false;
    this.met += 1;
    for (const tell of this.#onMet.splice(0)) tell();
    return true;
  }
}
