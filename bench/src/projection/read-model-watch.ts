import { rangeOf, type KafkaConnection } from '@profile-warden/kafka';
import type { Pool } from '@profile-warden/postgres';
import { setTimeout as delay } from 'node:timers/promises';

const LOOK_EVERY_MS = 20;
const IDLE_MS_MAX = 60_000;

interface Look {
  readonly atMs: number;
  readonly nextOffsets: ReadonlyMap<number, number>;
}

/** How the read model came to the end of the log. */
export interface Way {
  /** From the first look at which it had moved to the one at which it was through. */
  readonly ms: number;
  /** Offsets written in that time: what the first batch brought is not counted, nor the time it took. */
  readonly offsets: number;
  /** Longest that a partition that was not through stood still, in ms: what is gathered into one batch. */
  readonly stoodStillMsMax: number;
  /** When it was through. */
  readonly endedAtMs: number;
}

export interface WatchTarget {
  readonly pool: Pool;
  readonly brokers: readonly string[];
  readonly topic: string;
  readonly partitionCount: number;
}

/** Looks at the committed positions of the read model until each is at the end that its partition has now. */
export const watchToEnd = async (target: WatchTarget): Promise<Way> => {
  const ends = await endsOf(target);
  const before = await look(target.pool);
  let first: Look | null = null;
  let last = before;
  const movedAt = new Map<number, number>();
  let stoodStillMsMax = 0;
  for (let movedLastMs = before.atMs; ;) {
    const now = await look(target.pool);
    for (const [partition, nextOffset] of now.nextOffsets) {
      if (nextOffset === last.nextOffsets.get(partition)) continue;
      const since = movedAt.get(partition);
      if (since !== undefined) stoodStillMsMax = Math.max(stoodStillMsMax, now.atMs - since);
      movedAt.set(partition, now.atMs);
      movedLastMs = now.atMs;
    }
    if (first === null && sumOf(now) > sumOf(before)) first = now;
    last = now;
    if ([...ends].every(([partition, end]) => (now.nextOffsets.get(partition) ?? 0) >= end)) break;
    if (now.atMs - movedLastMs > IDLE_MS_MAX)
      throw new Error(`the read model stood still for ${IDLE_MS_MAX} ms before it was through`);
    await delay(LOOK_EVERY_MS);
  }
  const from = first ?? before;
  return {
    ms: last.atMs - from.atMs,
    offsets: sumOf(last) - sumOf(from),
    stoodStillMsMax,
    endedAtMs: last.atMs,
  };
};

const look = async (pool: Pool): Promise<Look> => {
  const { rows } = await pool.query<{ partition: number; next: number }>(
    'select partition, next_offset as next from projection_offset',
  );
  return {
    atMs: performance.now(),
    nextOffsets: new Map(rows.map(({ partition, next }) => [partition, next])),
  };
};

const sumOf = ({ nextOffsets }: Look): number =>
  [...nextOffsets.values()].reduce((total, offset) => total + offset, 0);

const endsOf = async ({
  brokers,
  topic,
  partitionCount,
}: WatchTarget): Promise<ReadonlyMap<number, number>> => {
  const connection: KafkaConnection = { brokers, clientId: 'bench' };
  const ends = new Map<number, number>();
  for (let partition = 0; partition < partitionCount; partition += 1)
    ends.set(partition, (await rangeOf({ connection, topic, partitionCount, partition })).end);
  return ends;
};
