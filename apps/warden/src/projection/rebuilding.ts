import { Rebuild, isDeadlock, isLockTimeout, type LivePosition } from '@profile-warden/postgres';
import { applyBatch, inTransaction, type Batch } from '@profile-warden/postgres';
import { ReplayedPartition } from '@profile-warden/projection';
import { setTimeout as sleep } from 'node:timers/promises';
import { failed } from '../failure.ts';
import type { WardenLog } from '../log/warden-log.ts';
import { replayNear, replayTo, type Replay } from './replay.ts';

/** The live read model was in use each time: by somebody who reads all of it, such as a service that starts. */
const SWITCH_ATTEMPTS = 10;
const SWITCH_PAUSE_MS = 3_000;

export interface RebuildingOptions {
  readonly log: Pick<WardenLog, 'records' | 'range' | 'partitionCount'>;
  readonly url: string;
  /** Where the live one stands beyond the end of the log: rebuild to the end of the log. */
  readonly acceptsShorterLog: boolean;
  readonly onProgress: (partition: number, nextOffset: number) => void;
  /** What takes longer than usual. */
  readonly onNote: (note: string) => void;
}

export interface RebuiltPartition {
  readonly partition: number;
  readonly nextOffset: number;
  readonly profileCount: number;
  /** Whether the live one held the same state at this position, by its own hash. */
  readonly sameHash: boolean;
}

/** Builds the read model anew from the first record on, beside the live one, and puts it in its place. */
export const rebuildProjection = async (options: RebuildingOptions): Promise<readonly RebuiltPartition[]> => {
  const rebuild = await Rebuild.begin(options.url, 'warden-rebuild');
  try {
    const building = await new Building(rebuild, options).built();
    return await building.switched();
  } finally {
    await rebuild.close();
  }
};

class Building {
  readonly #rebuild: Rebuild;
  readonly #options: RebuildingOptions;
  readonly #replays: readonly Replay[];
  readonly #hashes = new Map<number, string>();

  constructor(rebuild: Rebuild, options: RebuildingOptions) {
    this.#rebuild = rebuild;
    this.#options = options;
    this.#replays = Array.from({ length: options.log.partitionCount }, (_none, partition) => ({
      log: options.log,
      replay: new ReplayedPartition(partition),
      sink: (batch: Batch) => this.#write(batch),
      onProgress: (nextOffset: number) => options.onProgress(partition, nextOffset),
    }));
  }

  async built(): Promise<this> {
    for (const one of this.#replays) {
      const { partition } = one.replay.state;
      await replayNear(one, async () => this.#goal(await this.#rebuild.livePositions(), partition));
    }
    return this;
  }

  async switched(): Promise<readonly RebuiltPartition[]> {
    for (let attempt = 1; ; attempt += 1) {
      await this.#catchUp(await this.#rebuild.livePositions());
      try {
        let live: readonly LivePosition[] = [];
        await this.#rebuild.switchOver(async (positions) => {
          live = positions;
          await this.#catchUp(positions);
        });
        return this.#report(live);
      } catch (error) {
        if (!isLockTimeout(error) && !isDeadlock(error)) throw error;
        if (attempt === SWITCH_ATTEMPTS)
          throw failed(
            'read-model-in-use',
            `the live read model was in use at each of ${SWITCH_ATTEMPTS} attempts to lock it. Nothing was changed; ` +
              'end what reads it for long (pg_stat_activity), or try again later',
            error,
          );
        this.#options.onNote('the live read model is in use, trying again');
        await sleep(SWITCH_PAUSE_MS);
      }
    }
  }

  async #catchUp(live: readonly LivePosition[]): Promise<void> {
    await Promise.all(
      this.#replays.map(async (one) => replayTo(one, await this.#goal(live, one.replay.state.partition))),
    );
  }

  /** Where the live one stands; the end of the log where there is no live one at all. */
  async #goal(live: readonly LivePosition[], partition: number): Promise<number> {
    const { log, acceptsShorterLog } = this.#options;
    const stands = live.find((one) => one.partition === partition)?.nextOffset ?? 0;
    if (live.length > 0 && stands <= this.#replayed(partition)) return stands;
    const { end } = await log.range(partition);
    if (live.length === 0 || (stands > end && acceptsShorterLog)) return end;
    if (stands > end)
      throw failed(
        'log-shorter',
        `partition ${partition}: the read model stands at offset ${stands}, the log ends at ${end}: it has lost ` +
          'records or is another one. Where that is certain and accepted, give --accept-shorter-log',
      );
    return stands;
  }

  #replayed(partition: number): number {
    return this.#replays[partition]?.replay.state.nextOffset ?? 0;
  }

  async #write(batch: Batch): Promise<void> {
    await inTransaction(this.#rebuild.pool, (client) => applyBatch(client, batch));
    this.#hashes.set(batch.partition, batch.position.hash);
  }

  #report(live: readonly LivePosition[]): readonly RebuiltPartition[] {
    return this.#replays.map(({ replay: { state } }) => ({
      partition: state.partition,
      nextOffset: state.nextOffset,
      profileCount: state.profiles.size,
      sameHash: live.some(
        ({ partition, nextOffset, hash }) =>
          partition === state.partition &&
          nextOffset === state.nextOffset &&
          hash === this.#hashes.get(partition),
      ),
    }));
  }
}
