import type { VirtualClock } from '../../memory/index.ts';
import type { Random } from '../../walk/random.ts';
import type { ProfileDirectory } from './profile-directory.ts';
import type { Running, SimHost } from './sim-host.ts';

/** One browser tree on one profile directory. *Alive* → *dead* by `close`, cleared up, or by `kill`, as it stood. */
export class SimBrowser implements Running {
  readonly hostId: string;
  readonly pid: number;
  readonly version = '140.0.1';
  readonly launchedAtMs: number;
  readonly directory: ProfileDirectory;
  readonly #clock: VirtualClock;
  readonly #random: Random;
  isAlive = true;
  /** It answers nobody. */
  isHung = false;

  constructor(host: SimHost, directory: ProfileDirectory, clock: VirtualClock, random: Random) {
    this.hostId = host.hostId;
    this.pid = host.spawn(this).pid;
    this.directory = directory;
    this.launchedAtMs = clock.now();
    this.#clock = clock;
    this.#random = random;
    directory.opened(this);
  }

  close(): void {
    this.#end(true);
  }

  kill(): void {
    this.#end(false);
  }

  #end(isClean: boolean): void {
    if (!this.isAlive) return;
    this.isAlive = false;
    const torn = (share: number): 'sound' | 'torn' => (this.#random.chance(share) ? 'torn' : 'sound');
    const remains = isClean ? null : { preferences: torn(0.02), databases: torn(0.02) };
    this.directory.left(this, this.#clock.now(), remains);
  }
}
