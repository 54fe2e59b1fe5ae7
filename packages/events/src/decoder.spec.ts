import { describe, expect, it } from 'vitest';
import { avroType } from './avro.ts';
import { schemaOf } from './catalogue.ts';
import type { EventType } from './catalogue.ts';
import { asRead, bodyOf, decoderOf, granted, heartbeat, schemaIds, tick, written } from './codec-fixture.ts';
import { EventDecoder } from './decoder.ts';
import type { RawRecord } from './decoder.ts';

const decoder = decoderOf();

/** Another claim in the headers than the one the record was written with. */
const claiming = (raw: RawRecord, type: string | undefined): RawRecord => ({
  ...raw,
  headers: { ...raw.headers, ce_type: type === undefined ? undefined : Buffer.from(type) },
});

/** A body as somebody would write it who keeps the schema but none of the bounds. */
function unbounded(type: EventType, body: object, key: string | null = 'shop-7'): RawRecord {
  const value = Buffer.concat([Buffer.alloc(5), avroType(schemaOf(type)).toBuffer(body)]);
  value.writeInt32BE(schemaIds.get(type) ?? 0, 1);
  return asRead({
    key: key === null ? null : Buffer.from(key),
    value,
    headers: { ce_id: 'x', ce_type: type },
  });
}

const cut = (raw: RawRecord, by = 1): RawRecord => ({ ...raw, value: raw.value?.subarray(0, -by) ?? null });

describe('a record is foreign', () => {
  const beat = written(heartbeat);
  it.each<[string, RawRecord, RegExp]>([
    ['without a value', { ...beat, value: null }, /no value/],
    ['with an empty value', { ...beat, value: Buffer.alloc(0) }, /Confluent/],
    ['without the magic byte', { ...beat, value: Buffer.from('{"token":1}') }, /Confluent/],
    ['without headers', { ...beat, headers: {} }, /ce_type is null/],
    ['with an unknown type', claiming(beat, 'OrderPlaced'), /ce_type is "OrderPlaced"/],
    ['with the name of an inherited property as type', claiming(beat, 'constructor'), /ce_type/],
    ['without the key its type wants', { ...beat, key: null }, /no key/],
    ['with an empty key', { ...beat, key: Buffer.alloc(0) }, /profile-id-empty/],
    ['with a key that is no UTF-8', { ...beat, key: Buffer.from([0x70, 0xff]) }, /profile-id-not-utf8/],
    ['with a key that is too long', { ...beat, key: Buffer.alloc(129, 'p') }, /profile-id-too-long/],
    ['with a key of control characters', { ...beat, key: Buffer.from('a\nb') }, /profile-id-not-utf8/],
    [
      'with a key where its type has none',
      { ...written(tick), key: Buffer.from('shop-7') },
      /about a partition/,
    ],
  ])('%s', (_case, raw, detail) => {
    expect(decoder.decode(raw)).toMatchObject({
      kind: 'record',
      record: {
        offset: 42,
        profileId: null,
        id: '',
        event: { type: 'foreign', detail: expect.stringMatching(detail) as string },
      },
    });
  });
});

describe('a record is undecodable, and keeps its profile', () => {
  const beat = written(heartbeat);
  const body = { token: 5, incarnation: 'a1', seq: 9, browser: 'reachable', loopLagMs: 3 };
  it.each<[string, RawRecord, RegExp]>([
    ['when its body is cut short', cut(beat), /cut short/],
    [
      'when bytes follow its body',
      { ...beat, value: Buffer.concat([beat.value ?? Buffer.alloc(0), Buffer.alloc(1)]) },
      /follow/,
    ],
    ['when its schema describes another event', claiming(beat, 'StepStarted'), /describes Heartbeat/],
    [
      'when it breaks the bound of a token',
      unbounded('Heartbeat', { ...body, token: 0 }),
      /Heartbeat\.token: 0/,
    ],
    [
      'when it breaks the bound of a text',
      unbounded('Heartbeat', { ...body, incarnation: 'x'.repeat(65) }),
      /65 characters/,
    ],
  ])('%s', (_case, raw, detail) => {
    const result = decoder.decode(raw);
    expect(result).toMatchObject({ kind: 'record', record: { profileId: 'shop-7' } });
    expect(bodyOf(result)).toMatchObject({
      type: 'undecodable',
      claimedType: raw.headers['ce_type']?.toString(),
      detail: expect.stringMatching(detail) as string,
    });
  });

  it('when its schema is none of ours', () => {
    const order = { type: 'record', name: 'Order', namespace: 'shop', fields: [] } as const;
    const result = decoderOf(new Map([[2, order]])).decode(claiming(withSchema(beat, 2), 'Heartbeat'));
    expect(bodyOf(result)).toMatchObject({
      type: 'undecodable',
      detail: expect.stringContaining('shop.Order') as string,
    });
  });

  it('when its schema is no Avro', () => {
    const broken = {
      type: 'record',
      name: 'Heartbeat',
      namespace: 'profilewarden',
      fields: [{ name: 'a', type: 'moon' }],
    } as const;
    const result = decoderOf(new Map([[2, broken]])).decode(withSchema(beat, 2));
    expect(bodyOf(result)).toMatchObject({
      type: 'undecodable',
      detail: expect.stringContaining('moon') as string,
    });
  });

  it('when a list claims more items than it has bytes', () => {
    const value = Buffer.concat([
      Buffer.from([0, 0, 0, 0, schemaIds.get('ProfileRegistered') ?? 0]),
      Buffer.from([0, 0, 0, 0, 0]), // four nulls and a boolean
      Buffer.from([0xfe, 0xff, 0xff, 0xff, 0x0f]), // 2^31 - 1 labels
    ]);
    const started = performance.now();
    const result = decoder.decode(claiming({ ...beat, value }, 'ProfileRegistered'));
    expect(bodyOf(result)).toMatchObject({
      type: 'undecodable',
      detail: expect.stringContaining('list') as string,
    });
    expect(performance.now() - started).toBeLessThan(1_000);
  });
});

describe('a record stops the partition', () => {
  const grant = written(granted);
  it.each<[string, RawRecord]>([
    ['when an authority event is cut short', cut(grant, 3)],
    [
      'when it claims to be one that its schema does not describe',
      claiming(written(heartbeat), 'LeaseGranted'),
    ],
    [
      'when an authority event breaks a bound',
      unbounded('SuspicionCleared', { epoch: 1, token: 0, heartbeatOffset: 3 }),
    ],
  ])('%s', (_case, raw) => {
    expect(decoder.decode(raw)).toMatchObject({ kind: 'fatal', detail: expect.any(String) as string });
  });
});

describe('a schema', () => {
  it('that is not known yet is asked for, and the record read once it is', () => {
    const known = new Map<number, ReturnType<typeof schemaOf>>();
    let asked = 0;
    const waiting = new EventDecoder({
      writerSchema: (id) => {
        asked += 1;
        return known.get(id);
      },
    });
    const raw = withSchema(written(heartbeat), 900);
    expect(waiting.decode(raw)).toEqual({ kind: 'unresolved', schemaId: 900 });
    expect(waiting.decode(withSchema(written(granted), 900))).toEqual({ kind: 'unresolved', schemaId: 900 });
    known.set(900, schemaOf('Heartbeat'));
    expect(bodyOf(waiting.decode(raw))).toStrictEqual(heartbeat.event);
    expect(bodyOf(waiting.decode(raw))).toStrictEqual(heartbeat.event);
    expect(asked).toBe(3);
  });

  it('is not asked for by a foreign record', () => {
    const refusing = new EventDecoder({
      writerSchema: () => {
        throw new Error('asked');
      },
    });
    expect(refusing.decode(claiming(written(heartbeat), 'OrderPlaced')).kind).toBe('record');
  });
});

it('headers may be text, repeated or without an id', () => {
  const raw = written(heartbeat);
  const odd = { ...raw, headers: { ce_type: ['Heartbeat', 'StepStarted'] } };
  expect(decoder.decode(odd)).toMatchObject({ kind: 'record', record: { id: '', event: heartbeat.event } });
});

function withSchema(raw: RawRecord, id: number): RawRecord {
  const value = Buffer.from(raw.value ?? []);
  value.writeInt32BE(id, 1);
  return { ...raw, value };
}
