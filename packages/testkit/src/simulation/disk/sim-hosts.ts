import type { HostFindings, HostRequest } from '@profile-warden/evidence-collector';
import type { VirtualClock } from '../../memory/index.ts';
import type { Random } from '../../walk/random.ts';
import { endedBetween, findingsOf, glance, type Glance } from './host-look.ts';
import { ProfileDirectory } from './profile-directory.ts';
import { SimBrowser } from './sim-browser.ts';
import { SimHost } from './sim-host.ts';

export const HOST_IDS = ['h1', 'h2'];
/** Share of parts of a look that cannot be established. */
const BLINDNESS = 0.06;

export interface HostWorld {
  readonly clock: VirtualClock;
  readonly random: Random;
  /** Is told of a look that goes wrong, and returns false to let it be. */
  readonly struck: (fault: string, whom: string) => boolean;
}

export const LOOK_FAULTS = ['failed look', 'look at other processes'] as const;

/** The machines of the fleet with their disks, and what a collector that runs on one of them finds. */
export class SimHosts {
  readonly hosts: readonly SimHost[];
  readonly #world: HostWorld;
  readonly #directories = new Map<string, ProfileDirectory>();
  readonly #shared = new Set<string>();
  isHealed = false;

  constructor(world: HostWorld) {
    this.#world = world;
    this.hosts = HOST_IDS.map((hostId) => new SimHost(hostId, world.clock));
  }

  /** The directory of this profile lies on storage that all hosts reach. */
  share(profileId: string): void {
    this.#shared.add(pathOf(profileId));
  }

  isShared(profileId: string): boolean {
    return this.#shared.has(pathOf(profileId));
  }

  host(hostId: string): SimHost {
    const host = this.hosts.find((one) => one.hostId === hostId);
    if (host === undefined) throw new RangeError(`no host ${hostId}`);
    return host;
  }

  directory(hostId: string, profileId: string): ProfileDirectory {
    return this.#at(hostId, pathOf(profileId));
  }

  /** Null where the lock is another's, who lives: a browser does not start there unless the lock is deleted first. */
  launch(hostId: string, profileId: string, deletesLock: boolean): SimBrowser | null {
    const { clock, random } = this.#world;
    const directory = this.directory(hostId, profileId);
    if (directory.roots.length > 0 && !deletesLock) return null;
    return new SimBrowser(this.host(hostId), directory, clock, random);
  }

  /** Looks twice, and once more where a browser has ended in between, as the real one does. */
  readonly look = async (request: HostRequest, signal: AbortSignal): Promise<HostFindings> => {
    const { random, struck } = this.#world;
    const host = this.host(request.myHostId);
    // As from within a container: neither the worker nor its browser is among the processes that it sees.
    const isAstray = !this.isHealed && random.chance(0.1) && struck('look at other processes', host.hostId);
    const first = await this.#glance(request, host, isAstray, signal);
    await request.sleep(request.settleMs, signal);
    if (!this.isHealed && random.chance(0.05) && struck('failed look', host.hostId))
      throw new Error('the look has ended without an answer');
    const second = await this.#glance(request, host, isAstray, signal);
    if (!endedBetween(first, second)) return findingsOf(first, second, request.now());
    await request.sleep(request.settleMs, signal);
    return findingsOf(second, await this.#glance(request, host, isAstray, signal), request.now());
  };

  async #glance(
    request: HostRequest,
    host: SimHost,
    isAstray: boolean,
    signal: AbortSignal,
  ): Promise<ReturnType<typeof glance>> {
    const { clock, random } = this.#world;
    if (host.isDiskSlow) await request.sleep(request.timeLimitMs, signal);
    const { directory } = request;
    const canSee = request.hostId === host.hostId || request.storageShared === true;
    const at: Glance = {
      host,
      isAstray,
      directory: canSee && directory !== null ? this.#at(host.hostId, directory) : null,
      nowMs: clock.now(),
      random,
      blindness: this.isHealed ? 0 : BLINDNESS,
    };
    return glance(request, at);
  }

  #at(hostId: string, path: string): ProfileDirectory {
    const place = this.#shared.has(path) ? path : `${hostId}:${path}`;
    let directory = this.#directories.get(place);
    if (directory === undefined) {
      directory = new ProfileDirectory();
      this.#directories.set(place, directory);
    }
    return directory;
  }
}

export const pathOf = (profileId: string): string => `/profiles/${profileId}`;
