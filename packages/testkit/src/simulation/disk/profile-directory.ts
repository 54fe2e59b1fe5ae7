/** What a browser leaves of a profile when it is killed: mostly all of it. */
export interface Remains {
  readonly preferences: 'sound' | 'torn';
  readonly databases: 'sound' | 'torn';
}

/** A browser tree, as its directory knows it. */
interface Root {
  readonly hostId: string;
  readonly pid: number;
  readonly version: string;
  readonly launchedAtMs: number;
}

/** Ms between two writes of a living browser. */
const WRITE_EVERY_MS = 400;

/**
 * One profile on one disk. *Present*, with a lock link that names the browser that took it last; a clean end removes the
 * link and mends what was broken, a kill leaves it as it is → *absent* by `remove` → present again with the next browser.
 */
export class ProfileDirectory {
  isPresent = true;
  preferences: 'absent' | 'sound' | 'torn' = 'absent';
  databases: 'sound' | 'torn' = 'sound';
  hasCookies = true;
  exitType: 'Normal' | 'Crashed' | null = null;
  lastVersion: string | null = null;
  lock: { readonly hostId: string; readonly pid: number } | null = null;
  /** Counts what was written by browsers that are gone. */
  #writes = 0;
  readonly #browsers = new Set<Root>();

  /** The browsers that live on it, each a root of its own. */
  get roots(): readonly Root[] {
    return [...this.#browsers];
  }

  /** The same number twice: nothing was written in between. */
  stampAt(nowMs: number): number {
    let stamp = this.#writes;
    for (const { launchedAtMs } of this.#browsers)
      stamp += Math.floor((nowMs - launchedAtMs) / WRITE_EVERY_MS) + 1;
    return stamp;
  }

  opened(browser: Root): void {
    this.isPresent = true;
    this.lock = { hostId: browser.hostId, pid: browser.pid };
    this.exitType = 'Crashed';
    this.lastVersion = browser.version;
    this.#browsers.add(browser);
  }

  /** `remains` null: it has ended by itself, and cleared up. */
  left(browser: Root, nowMs: number, remains: Remains | null): void {
    this.#writes = this.stampAt(nowMs) + 1;
    this.#browsers.delete(browser);
    if (!this.isPresent) return;
    if (remains === null) {
      this.preferences = 'sound';
      this.databases = 'sound';
      this.hasCookies = true;
      this.exitType = 'Normal';
      if (this.lock?.pid === browser.pid) this.lock = null;
    } else {
      this.preferences = this.preferences === 'torn' ? 'torn' : remains.preferences;
      if (remains.databases === 'torn') this.databases = 'torn';
    }
  }

  /** Gone, with all that was in it. */
  remove(): void {
    this.isPresent = false;
    this.preferences = 'absent';
    this.databases = 'sound';
    this.hasCookies = true;
    this.exitType = null;
    this.lastVersion = null;
    this.lock = null;
    this.#writes += 1;
  }
}
