import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { avroType } from './avro.ts';
import {
  AUTHORITY_EVENTS,
  EVENT_TYPES,
  KEYLESS_EVENTS,
  REPORT_EVENTS,
  isAuthorityEvent,
  isEventType,
  schemaOf,
  subjectOf,
} from './catalogue.ts';
import type { AvroEnum, AvroField, AvroSchema, AvroType } from './schema.ts';

interface Parts {
  readonly fields: readonly AvroField[];
  readonly enums: readonly AvroEnum[];
}

const NOTHING: Parts = { fields: [], enums: [] };

function partsOf(type: AvroType): Parts {
  if (typeof type === 'string') return NOTHING;
  if ('length' in type) return partsOf(type[1]);
  if (type.type === 'array') return partsOf(type.items);
  if (type.type === 'enum') return { fields: [], enums: [type] };
  const inner = type.fields.map((field) => partsOf(field.type));
  return {
    fields: [...type.fields, ...inner.flatMap(({ fields }) => fields)],
    enums: inner.flatMap(({ enums }) => enums),
  };
}

const has = (type: AvroType, leaf: 'string' | 'array'): boolean => {
  if (typeof type === 'string') return type === leaf;
  if ('length' in type) return has(type[1], leaf);
  return type.type === 'array' && (leaf === 'array' || has(type.items, leaf));
};

describe.each(EVENT_TYPES.map((type): [string, AvroSchema] => [type, schemaOf(type)]))(
  '%s',
  (type, schema) => {
    const { fields, enums } = partsOf(schema);

    it('is named as its event and says who writes it', () => {
      expect(schema).toMatchObject({ type: 'record', name: type, namespace: 'profilewarden' });
      expect(schema.doc).toMatch(/ Written by: .+\.$/);
      expect(avroType(schema).name).toBe(subjectOf(schema.name as (typeof EVENT_TYPES)[number]));
    });

    it('has only nullable unions, with null as default', () => {
      for (const field of fields) {
        if (!Array.isArray(field.type)) continue;
        expect(field.type).toHaveLength(2);
        expect(field.type[0]).toBe('null');
        expect(field).toHaveProperty('default', null);
      }
    });

    it('has enums that a reader without a symbol survives', () => {
      for (const { name, symbols, default: fallback } of enums) {
        expect([name, symbols[0], fallback]).toEqual([name, 'UNKNOWN', 'UNKNOWN']);
        // Hyphens are no Avro; of two symbols that differ in `_` and `-` only one could be mapped.
        expect(symbols.filter((symbol) => !/^[A-Za-z][A-Za-z0-9_]*$/.test(symbol))).toEqual([]);
      }
    });

    it('bounds every string and list, and has no maps, floats or bytes', () => {
      for (const { name, type: fieldType, doc = '' } of fields) {
        expect(doc, name).not.toBe('');
        if (has(fieldType, 'string')) expect(doc, name).toMatch(/\(max [1-9]\d*\)/);
        if (has(fieldType, 'array')) expect(doc, name).toMatch(/at most [1-9]\d*/);
      }
      expect(JSON.stringify(schema)).not.toMatch(/"(map|float|double|bytes|fixed|logicalType)"/);
    });

    it('has tokens of type long', () => {
      for (const field of fields.filter(({ name }) => /^token$|Token$/.test(name)))
        expect(['"long"', '["null","long"]']).toContain(JSON.stringify(field.type));
    });
  },
);

describe('the catalogue', () => {
  it('has 27 events, sorted into sets that name known ones', () => {
    expect(EVENT_TYPES).toHaveLength(27);
    for (const type of [...AUTHORITY_EVENTS, ...KEYLESS_EVENTS, ...REPORT_EVENTS])
      expect(isEventType(type), type).toBe(true);
    expect(isEventType('toString')).toBe(false);
    expect(isAuthorityEvent('Heartbeat')).toBe(false);
  });

  it('calls an event one of the authority exactly where the schema says so', () => {
    const written = EVENT_TYPES.filter((type) =>
      /Written by: lease-authority/.test(schemaOf(type).doc ?? ''),
    );
    expect(written.toSorted()).toEqual([...AUTHORITY_EVENTS].sort());
  });

  it('is what the schemas generate', () => {
    const root = join(import.meta.dirname, '../../..');
    execFileSync(process.execPath, [join(root, 'scripts/generate.ts'), '--check'], { cwd: root });
  }, 30_000);
});
