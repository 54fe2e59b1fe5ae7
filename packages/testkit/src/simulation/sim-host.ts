import type { HostFindings, HostRequest } from '@profile-warden/evidence-collector';
import type { Answer, Finding } from '@profile-warden/events';
import { findings } from '../spec/index.ts';
import type { Random } from '../walk/random.ts';

/** What really runs, as only the simulation knows it. */
export interface Running {
  readonly isAlive: boolean;
  readonly hasBrowser: boolean;
}

/** The hosts of the fleet: processes by their pid, and what a look at one of them finds. */
export class SimHosts {
  readonly #random: Random;
  readonly #running = new Map<number, Running>();
  isHealed = false;

  constructor(random: Random) {
    this.#random = random;
  }

  /** Returns the pid. */
  spawn(running: Running): number {
    const pid = 100 + this.#running.size;
    this.#running.set(pid, running);
    return pid;
  }

  /** Looks twice, as the real one does. */
  readonly look = async (request: HostRequest, signal: AbortSignal): Promise<HostFindings> => {
    // Now and then it is simply wrong, as about a process in a namespace of its own.
    const isWrong = !this.isHealed && this.#random.chance(0.15);
    const before = this.#see(request, isWrong);
    await request.sleep(request.settleMs, signal);
    if (!this.isHealed && this.#random.chance(0.05)) throw new Error('the disk is slow');
    const after = this.#see(request, isWrong);
    // A browser that was there at either look was there.
    return before.browserAlive.value === 'yes' ? { ...after, browserAlive: before.browserAlive } : after;
  };

  #see({ worker }: HostRequest, isWrong: boolean): HostFindings {
    const random = this.#random;
    const real = isWrong ? undefined : this.#running.get(worker.pid);
    const blindness = this.isHealed ? 0 : 0.1;
    const told = (isSo: boolean): Finding => ({
      value: random.chance(blindness) ? 'unknown' : ((isSo ? 'yes' : 'no') satisfies Answer),
      how: 'looked',
      at: 0,
    });
    return findings({
      workerAlive: told(real?.isAlive ?? false),
      browserAlive: told(real?.hasBrowser ?? false),
      secondRoot: random.chance(blindness / 10) ? 'yes' : 'no',
      cookiesKept: random.chance(blindness / 10) ? 'no' : 'yes',
    });
  }
}
