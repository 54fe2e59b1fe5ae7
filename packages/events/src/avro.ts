import avro from 'avsc';
import type { AvroSchema } from './schema.ts';

/** The library's reading position; its types leave it out. */
interface Tap {
  readonly buf: Buffer;
  readonly pos: number;
  readLong(): number;
  skipLong(): void;
  isValid(): boolean;
}

interface ItemsType {
  _read(tap: Tap): unknown;
}

/**
 * The library trusts the item count of a list: a corrupt one lets it push billions of items after the end of the
 * buffer, so that one bad record stalls every reader of the partition. Here a list ends where its bytes end.
 */
class BoundedArray extends avro.types.ArrayType {
  // Also called on a resolver, whose `itemsType` is one too.
  _read(this: { readonly itemsType: ItemsType }, tap: Tap): unknown[] {
    const items: unknown[] = [];
    for (let count = tap.readLong(); count !== 0; count = tap.readLong()) {
      if (count < 0) tap.skipLong();
      for (let left = Math.abs(count); left > 0; left -= 1) {
        items.push(this.itemsType._read(tap));
        if (!tap.isValid()) throw new Error('the list is cut short');
      }
    }
    return items;
  }

  _skip(tap: Tap): void {
    this._read.call(this as unknown as { itemsType: ItemsType }, tap);
  }
}

/** Compiles a schema; throws where it is not valid Avro. */
export function avroType(schema: AvroSchema): avro.Type {
  return avro.Type.forSchema(schema as unknown as avro.Schema, {
    omitRecordMethods: true,
    registry: {},
    typeHook: (inner, options) =>
      (inner as { type?: unknown }).type === 'array' ? new BoundedArray(inner, options) : undefined,
  });
}
