import { canonicalJson } from '@profile-warden/domain';
import { storableText, type ArchiveRow } from '@profile-warden/postgres';
import { createHash, type Hash } from 'node:crypto';

/** Offsets under one digest. Where two differ, so many are looked at one by one. */
const RANGE_COUNT = 10_000;

/** An archive row as it is compared, whatever the order of its keys. */
export const eventText = (row: ArchiveRow): string =>
  canonicalJson({
    ...row,
    profileId: row.profileId === null ? null : storableText(row.profileId),
    eventId: storableText(row.eventId),
    body: JSON.parse(row.body) as unknown,
  });

/** Digests of an archive that is too long to be kept: one for each range of offsets that has rows. */
export class EventDigests {
  readonly #digests = new Map<number, string>();
  #range = -1;
  #hash: Hash | null = null;
  count = 0;

  /** In the order of offsets. */
  add(row: ArchiveRow): void {
    const range = Math.floor(row.offset / RANGE_COUNT);
    if (range !== this.#range) this.#close();
    this.#range = range;
    (this.#hash ??= createHash('sha256')).update(eventText(row)).update('\n');
    this.count += 1;
  }

  /** One text for all of it. */
  digest(): string {
    this.#close();
    return createHash('sha256')
      .update(JSON.stringify([...this.#digests]))
      .digest('hex');
  }

  /** The first range of offsets in which two archives differ. */
  firstDifference(other: EventDigests): { readonly from: number; readonly to: number } | null {
    this.#close();
    other.#close();
    const ranges = [...new Set([...this.#digests.keys(), ...other.#digests.keys()])].sort((a, b) => a - b);
    const found = ranges.find((range) => this.#digests.get(range) !== other.#digests.get(range));
    return found === undefined ? null : { from: found * RANGE_COUNT, to: (found + 1) * RANGE_COUNT };
  }

  #close(): void {
    if (this.#hash !== null) this.#digests.set(this.#range, this.#hash.digest('hex'));
    this.#hash = null;
  }
}
