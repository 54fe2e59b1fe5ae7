import { startServices, type Services, type ServicesTarget } from '@profile-warden/devstack';
import type { Policy } from '@profile-warden/domain';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ended } from './holder.fixture.ts';
import { Boot, inBoot } from './host-boot.fixture.ts';
import { historyOf, type HistoryName } from './host-histories.fixture.ts';
import type { HostWorkerOrders } from './host-worker-process.fixture.ts';
import type { Profiles } from './profile.fixture.ts';

const WORKER = join(import.meta.dirname, 'host-worker-process.fixture.ts');
const COLLECTOR = join(import.meta.dirname, 'host-collector-process.fixture.ts');
const LEASES_PER_WORKER = 5;

export interface MachineOptions {
  readonly target: ServicesTarget;
  readonly topic: string;
  readonly partitionCount: number;
  readonly policy: Policy;
  readonly profiles: Profiles;
}

export interface Held {
  readonly profileId: string;
  readonly directory: string;
  readonly history: HistoryName;
}

/**
 * A host with a collector and with workers that are in the midst of their work, all of one boot: *running* → *dead*,
 * everything on it at once → *running* again in another boot, with a collector and without workers.
 */
export class HostMachine implements AsyncDisposable {
  readonly hostId: string;
  readonly boot: Boot;
  readonly held: readonly Held[];
  readonly #options: MachineOptions;
  #collector: Services | null = null;
  #workers: readonly ChildProcess[] = [];

  private constructor(hostId: string, histories: readonly HistoryName[], options: MachineOptions) {
    const { profiles } = options;
    this.hostId = hostId;
    this.#options = options;
    this.boot = new Boot(join(profiles.folder, `${hostId}.boot`));
    this.held = histories.map((history, index) => ({
      profileId: `${hostId}-p${index + 1}`,
      directory: profiles.used(),
      history,
    }));
  }

  /** Running, and every worker has come to where its history ends. */
  static async start(
    hostId: string,
    histories: readonly HistoryName[],
    options: MachineOptions,
  ): Promise<HostMachine> {
    const machine = new HostMachine(hostId, histories, options);
    try {
      machine.#collector = await machine.#startCollector();
      machine.#workers = machine.#startWorkers();
      await Promise.all(machine.#workers.map(atWork));
      return machine;
    } catch (error) {
      await machine[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** No process of it is left, and nobody has taken leave. */
  async die(): Promise<void> {
    await Promise.all([...this.#workers.map(endGroup), this.#collector?.of('evidence-collector').kill()]);
    for (const { directory, history } of this.held)
      if (historyOf(history).isTorn === true)
        writeFileSync(join(directory, 'Default/Preferences'), '{"torn":');
  }

  /** As a host does after a power cut: nothing of before runs, and its collector is started. */
  async comeBack(): Promise<void> {
    this.boot.again();
    await this.#collector?.of('evidence-collector').restart();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#workers.map(endGroup));
    await this.#collector?.stop();
  }

  #startCollector(): Promise<Services> {
    const { hostId, boot } = this;
    const { target, topic, policy } = this.#options;
    return startServices(target, {
      names: ['evidence-collector'],
      programs: { 'evidence-collector': COLLECTOR },
      env: { HOST_BOOT_FILE: boot.file },
      deploy: false,
      scope: 'host',
      label: hostId,
      hostId,
      topic,
      policy: { ...policy },
    });
  }

  #startWorkers(): readonly ChildProcess[] {
    const { hostId, boot, held } = this;
    const { target, topic, partitionCount, policy } = this.#options;
    const { heartbeatEveryMs, marginMs } = policy;
    const count = Math.ceil(held.length / LEASES_PER_WORKER);
    return Array.from({ length: count }, (_none, index) => {
      const orders: HostWorkerOrders = {
        workerId: `${hostId}-worker-${index + 1}`,
        hostId,
        brokers: target.brokers,
        registryUrl: target.registryUrl,
        topic,
        partitionCount,
        heartbeatEveryMs,
        marginMs,
        leases: held.filter((_held, at) => at % count === index),
      };
      const command = [process.execPath, WORKER, JSON.stringify(orders)];
      const [program = '', ...args] = inBoot(boot.file, command);
      // In a process group of its own, with the browsers that it starts.
      return spawn(program, args, { detached: true, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    });
  }
}

async function atWork(worker: ChildProcess): Promise<void> {
  const end = once(worker, 'exit').then(() => Promise.reject(new Error('a worker ended early')));
  await Promise.race([once(worker, 'message'), end]);
  end.catch(() => undefined);
}

async function endGroup(worker: ChildProcess): Promise<void> {
  try {
    if (worker.pid !== undefined) process.kill(-worker.pid, 'SIGKILL');
  } catch {
    // Nobody is left in it.
  }
  await ended(worker);
}
