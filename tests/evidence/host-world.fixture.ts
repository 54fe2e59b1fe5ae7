import type { ProfileState } from '@profile-warden/domain';
import type { RecordBody, WardenEvent } from '@profile-warden/events';
import type { AuthorityClient } from '@profile-warden/testkit/client';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { PARTITION_COUNT } from '../faults/fault-settings.fixture.ts';
import { FaultWorld } from '../faults/fault-world.fixture.ts';
import { BROWSERS, until } from './browser.fixture.ts';
import { historyOf, type HistoryName } from './host-histories.fixture.ts';
import { HostMachine, type Held } from './host-machine.fixture.ts';
import { Profiles } from './profile.fixture.ts';

/** Patient, so that on a busy machine nobody is suspected who lives; every inequality holds. */
const PATIENT = {
  version: 'host-death-1',
  tickEveryMs: 500,
  heartbeatEveryMs: 1_000,
  suspectAfterMs: 4_000,
  leaseMs: 12_000,
  unreachableAfterMs: 8_000,
  startBudgetMs: 120_000,
  marginMs: 3_000,
  // One look at each, for which a host that comes back has this long.
  evidenceAttempts: 1,
  collectorTimeoutMs: 60_000,
  // Three leases of a host in one partition fall silent together.
  massSilence: { fraction: 0.3, minLeases: 3, windowMs: 2_000, holdMs: 3_000 },
};
const PROJECT_DIR = join(import.meta.dirname, '../..');
const HEARD_BOUND_MS = 60_000;
const DECIDED_BOUND_MS = 120_000;

type EventNamed<T extends WardenEvent['type']> = Extract<WardenEvent, { readonly type: T }>;
type StageKind = ProfileState['stage']['kind'];

/** The real parts and services, a collector that speaks for silent hosts, and hosts with leases that can die. */
export class HostWorld implements AsyncDisposable {
  readonly parts: FaultWorld;
  readonly #watcher: AuthorityClient;
  readonly #profiles: Profiles;
  readonly #machines: HostMachine[] = [];

  private constructor(parts: FaultWorld, watcher: AuthorityClient, profiles: Profiles) {
    this.parts = parts;
    this.#watcher = watcher;
    this.#profiles = profiles;
  }

  static async open(): Promise<HostWorld> {
    const parts = await FaultWorld.open({ policy: PATIENT });
    try {
      return new HostWorld(parts, await parts.client('watcher'), await Profiles.of(BROWSERS.CHROMIUM));
    } catch (error) {
      await parts[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** A host on which every history has come to its end, and whose browsers have all been heard of. */
  async machine(hostId: string, histories: readonly HistoryName[]): Promise<HostMachine> {
    const { stack: target, topic, policy } = this.parts;
    const options = { target, topic, partitionCount: PARTITION_COUNT, policy, profiles: this.#profiles };
    const machine = await HostMachine.start(hostId, histories, options);
    this.#machines.push(machine);
    await until(
      () => machine.held.every((held) => this.#isHeardOf(held)),
      'all are heard of',
      HEARD_BOUND_MS,
    );
    return machine;
  }

  /** Waits until each case of the host has been decided so often. */
  async decided(machine: HostMachine, count: number): Promise<void> {
    const isDecided = ({ profileId }: Held) => this.said('Decided', profileId).length >= count;
    await until(
      () => machine.held.every(isDecided),
      `${machine.hostId} has ${count} decisions on each case`,
      DECIDED_BOUND_MS,
    );
  }

  /** Every event of the type so far about the profile, or about partitions where it is null, in log order. */
  said<T extends WardenEvent['type']>(type: T, profileId: string | null): readonly EventNamed<T>[] {
    const isSaid = (event: RecordBody): event is EventNamed<T> => event.type === type;
    return this.#watcher.records
      .filter((record) => record.profileId === profileId)
      .map(({ event }) => event)
      .filter(isSaid);
  }

  /** Stage of each profile by the whole log as a reader from outside folds it; no invariant is broken on the way. */
  async stages(): Promise<ReadonlyMap<string, StageKind>> {
    const { states } = await this.parts.expectSound(this.#machines.flatMap(({ held }) => held).length);
    const profiles = [...states.values()].flatMap((state) => [...state.profiles]);
    return new Map(profiles.map(([profileId, { stage }]) => [profileId, stage.kind]));
  }

  /** The command line, as an operator calls it. */
  async warden(...args: readonly string[]): Promise<string> {
    const { brokers, registryUrl } = this.parts.stack;
    const env = {
      ...process.env,
      WARDEN_BROKERS: brokers.join(','),
      WARDEN_REGISTRY_URL: registryUrl,
      WARDEN_OPERATOR: 'olga',
    };
    const command = ['apps/warden/src/main.ts', ...args];
    const { stdout } = await promisify(execFile)(process.execPath, command, { cwd: PROJECT_DIR, env });
    return stdout;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const machine of this.#machines) await machine[Symbol.asyncDispose]();
    await this.#profiles[Symbol.asyncDispose]();
    await this.#watcher[Symbol.asyncDispose]();
    await this.parts[Symbol.asyncDispose]();
  }

  #isHeardOf({ profileId, history }: Held): boolean {
    const beats = this.said('Heartbeat', profileId);
    return historyOf(history).isStarting === true
      ? beats.length > 0
      : beats.some(({ browser }) => browser === 'reachable');
  }
}
