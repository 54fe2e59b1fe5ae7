import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { avroType } from './avro.ts';
import { schemaOf } from './catalogue.ts';
import { asRead, bodyOf, decoderOf, granted, heartbeat } from './codec-fixture.ts';
import type { AvroSchema } from './schema.ts';

/** Read with today's code what another version of the schema wrote. */
function readBack(schema: AvroSchema, body: object, type: string): unknown {
  const value = Buffer.concat([Buffer.from([0, 0, 0, 3, 132]), avroType(schema).toBuffer(body)]);
  const raw = asRead({ key: Buffer.from('shop-7'), value, headers: { ce_id: 'x', ce_type: type } });
  return bodyOf(decoderOf(new Map([[900, schema]])).decode(raw));
}

const edited = (schema: AvroSchema, edit: (copy: Editable) => void): AvroSchema => {
  const copy = structuredClone(schema) as unknown as Editable;
  edit(copy);
  return copy as unknown as AvroSchema;
};

interface Editable {
  fields: { name: string; type: unknown; default?: unknown }[];
}

const fieldOf = ({ fields }: Editable, name: string): { type: unknown } =>
  fields.find((field) => field.name === name) ?? { type: undefined };

const body = { token: 5, incarnation: 'a1', seq: 9, browser: 'reachable', loopLagMs: 3 };

describe('today reads what was written', () => {
  it('before a field with a default existed', () => {
    const old = edited(schemaOf('LeaseGranted'), (copy) => {
      copy.fields = copy.fields.filter(({ name }) => name !== 'resumeFrom');
    });
    // Avro leaves out what the schema does not name.
    expect(readBack(old, granted.event, 'LeaseGranted')).toStrictEqual({
      ...granted.event,
      resumeFrom: null,
    });
  });

  it('after a field was added', () => {
    expect(readBack(planted('successor'), { ...body, memoryBytes: 7 }, 'Heartbeat')).toStrictEqual(
      heartbeat.event,
    );
  });

  it('after a list was added', () => {
    const later = edited(schemaOf('Heartbeat'), (copy) => {
      copy.fields.splice(2, 0, { name: 'tabs', type: { type: 'array', items: 'string' }, default: [] });
    });
    expect(readBack(later, { ...body, tabs: ['a', 'b'] }, 'Heartbeat')).toStrictEqual(heartbeat.event);
  });

  it('with a symbol that it does not know, and with those it knows', () => {
    const later = edited(schemaOf('Heartbeat'), (copy) => {
      const browser = fieldOf(copy, 'browser').type as { symbols: string[] };
      browser.symbols.push('on_fire');
    });
    expect(readBack(later, { ...body, browser: 'on_fire' }, 'Heartbeat')).toMatchObject({
      browser: 'UNKNOWN',
    });
    expect(readBack(later, body, 'Heartbeat')).toStrictEqual(heartbeat.event);
  });

  it('with a symbol inside a list of records', () => {
    const later = edited(schemaOf('ReviewResolved'), (copy) => {
      const { type } = fieldOf(copy, 'verdicts') as { type: { items: Editable } };
      (fieldOf(type.items, 'verdict').type as { symbols: string[] }).symbols.splice(1, 0, 'half_applied');
    });
    const verdicts = [
      { stepId: 's1', verdict: 'half_applied' },
      { stepId: 's2', verdict: 'not_applied' },
    ];
    const review = {
      token: 1,
      round: 1,
      basedOn: 2,
      outcome: 'retired',
      checkpoint: null,
      reviewer: 'ann',
      note: '',
    };
    expect(readBack(later, { ...review, verdicts }, 'ReviewResolved')).toMatchObject({
      verdicts: [
        { stepId: 's1', verdict: 'UNKNOWN' },
        { stepId: 's2', verdict: 'not-applied' },
      ],
    });
  });

  it('as undecodable where the versions do not fit', () => {
    const { incarnation: run, ...rest } = body;
    expect(readBack(planted('renamed-field'), { ...rest, run }, 'Heartbeat')).toMatchObject({
      type: 'undecodable',
    });
    expect(readBack(planted('changed-type'), { ...body, seq: '9' }, 'Heartbeat')).toMatchObject({
      type: 'undecodable',
    });
  });
});

describe('the planted successors', () => {
  const today = schemaOf('Heartbeat');
  const resolves = (reader: AvroSchema, writer: AvroSchema): boolean => {
    try {
      avroType(reader).createResolver(avroType(writer));
      return true;
    } catch {
      return false;
    }
  };

  it.each<[string, boolean, boolean]>([
    ['successor', true, true],
    ['required-field', false, true],
    ['changed-type', false, false],
    ['renamed-field', false, false],
  ])('%s: reads old records %s, is read by old readers %s', (name, backward, forward) => {
    expect([resolves(planted(name), today), resolves(today, planted(name))]).toEqual([backward, forward]);
  });
});

function planted(name: string): AvroSchema {
  const path = new URL(`../fixtures/heartbeat-${name}.json`, import.meta.url);
  return JSON.parse(readFileSync(path, 'utf8')) as AvroSchema;
}
