import { createHash, hash } from 'node:crypto';
import type { JsonText } from './rows.ts';

const SIZE = 32;

/**
 * The hash of a snapshot: over the partition's own text and, order aside, the text of each profile. Only what changed
 * is hashed again, since a batch touches few of many profiles. It proves that what is read is what was written.
 */
export class SnapshotHash {
  readonly #profiles = new Map<string, Buffer>();
  readonly #sum = Buffer.alloc(SIZE);

  set(profileId: string, state: JsonText): void {
    const before = this.#profiles.get(profileId);
    if (before !== undefined) this.#mix(before);
    const digest = hash('sha256', state, 'buffer');
    this.#mix(digest);
    this.#profiles.set(profileId, digest);
  }

  digest(partitionState: JsonText): string {
    return createHash('sha256')
      .update(this.#sum)
      .update(`${this.#profiles.size}\n`)
      .update(partitionState)
      .digest('hex');
  }

  /** Exclusive or: adding a digest and taking it away again are the same. Every profile has its own id in its text. */
  #mix(digest: Buffer): void {
    for (let index = 0; index < SIZE; index += 1)
      this.#sum[index] = (this.#sum[index] ?? 0) ^ (digest[index] ?? 0);
  }
}
