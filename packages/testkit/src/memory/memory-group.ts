/** One process in a consumer group. */
export interface Member {
  readonly isDead: boolean;
}

export interface Share {
  readonly generation: number;
  readonly partitions: readonly number[];
}

interface Membership {
  lastBeatMs: number;
  partitions: number[];
}

/**
 * A consumer group as its coordinator sees it. A member learns of a new generation only with its next heartbeat, so
 * for a while two may act for one partition; who has not beaten for a session has lost everything without knowing.
 */
export class MemoryGroup {
  readonly #partitionCount: number;
  readonly #sessionMs: number;
  readonly #members = new Map<Member, Membership>();
  #generation = 0;

  constructor(partitionCount: number, sessionMs: number) {
    this.#partitionCount = partitionCount;
    this.#sessionMs = sessionMs;
  }

  /** Joins where the group does not know the member, or not any more. */
  beat(member: Member, nowMs: number): Share {
    const known = this.#members.get(member);
    const isChanged = this.#expel(nowMs) || known === undefined;
    if (known === undefined) this.#members.set(member, { lastBeatMs: nowMs, partitions: [] });
    else known.lastBeatMs = nowMs;
    if (isChanged) this.rebalance();
    return { generation: this.#generation, partitions: this.#members.get(member)?.partitions ?? [] };
  }

  leave(member: Member): void {
    if (this.#members.delete(member)) this.rebalance();
  }

  /** Shares the partitions out anew; whoever has some keeps them as far as shares stay even. */
  rebalance(): void {
    this.#generation += 1;
    const members = [...this.#members.values()];
    if (members.length === 0) return;
    const most = Math.ceil(this.#partitionCount / members.length);
    const free = new Set(Array.from({ length: this.#partitionCount }, (_none, partition) => partition));
    for (const membership of members) {
      membership.partitions = membership.partitions.filter((partition) => free.has(partition)).slice(0, most);
      for (const partition of membership.partitions) free.delete(partition);
    }
    for (const partition of free) {
      const least = members.reduce((best, one) =>
        one.partitions.length < best.partitions.length ? one : best,
      );
      least.partitions.push(partition);
    }
  }

  /** Moves every partition on to the next member. */
  rotate(): void {
    const members = [...this.#members.values()];
    const shares = members.map(({ partitions }) => partitions);
    members.forEach((membership, index) => {
      membership.partitions = shares[(index + 1) % shares.length] ?? [];
    });
    this.#generation += 1;
  }

  #expel(nowMs: number): boolean {
    let isChanged = false;
    for (const [member, { lastBeatMs }] of this.#members)
      if (nowMs - lastBeatMs > this.#sessionMs) isChanged = this.#members.delete(member) || isChanged;
    return isChanged;
  }
}
