import { describe, expect, it } from 'vitest';
import { bodyOf, decoderOf, granted, heartbeat, schemaIds, tick, writer, written } from './codec-fixture.ts';
import { encodeEvent } from './encoder.ts';
import { CodecError } from './error.ts';
import type { CodecErrorCode } from './error.ts';
import { assertProfileId } from './profile-id.ts';
import type { NewEvent } from './record.ts';
import { MAX_TOKEN, isToken, positiveToken } from './token.ts';

function errorOf(action: () => unknown): CodecError {
  try {
    action();
  } catch (error) {
    if (error instanceof CodecError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

/** Values that the types forbid, as a JavaScript caller could hand them over. */
const changed = (event: NewEvent, fields: object, top: object = {}): NewEvent => ({
  ...event,
  event: { ...event.event, ...fields },
  ...top,
});

const cleared: NewEvent = {
  ...heartbeat,
  event: { type: 'SuspicionCleared', token: 1, heartbeatOffset: 0, epoch: 0 },
};

const refusal = (event: NewEvent): CodecError => errorOf(() => encodeEvent(event, writer));

describe('an encoded event', () => {
  it('carries the Confluent header and CloudEvents headers', () => {
    const { key, value, headers, partition } = encodeEvent(heartbeat, {
      ...writer,
      traceparent: '00-1-2-01',
    });
    expect(key?.toString()).toBe('shop-7');
    expect(partition).toBeUndefined();
    expect(value[0]).toBe(0);
    expect(value.readInt32BE(1)).toBe(schemaIds.get('Heartbeat'));
    expect(headers).toEqual({
      ce_specversion: '1.0',
      ce_id: 'h-1',
      ce_source: 'test',
      ce_type: 'Heartbeat',
      traceparent: '00-1-2-01',
    });
  });

  it('about a partition has no key but a place', () => {
    expect(encodeEvent(tick, writer)).toMatchObject({ key: null, partition: 3 });
  });

  it('does not share memory with the next one', () => {
    const first = encodeEvent(heartbeat, writer).value;
    const copy = Buffer.from(first);
    encodeEvent(granted, writer);
    expect(first.equals(copy)).toBe(true);
  });

  it('may be larger than the usual buffer', () => {
    const note = '汉'.repeat(2048);
    const verdicts = Array.from({ length: 16 }, (_, index) => ({
      stepId: `${index}${'汉'.repeat(120)}`,
      verdict: 'not-applied' as const,
    }));
    const reasons = Array.from({ length: 16 }, () => '汉'.repeat(512));
    const review: NewEvent = {
      ...heartbeat,
      event: {
        type: 'ReviewResolved',
        token: 1,
        round: 1,
        basedOn: 7,
        outcome: 'resume-pending',
        verdicts,
        checkpoint: null,
        reviewer: 'ann',
        note,
      },
    };
    expect(bodyOf(decoderOf().decode(written(review)))).toStrictEqual(review.event);
    const decided: NewEvent = {
      ...heartbeat,
      event: {
        type: 'Decided',
        token: 1,
        round: 1,
        basedOn: 7,
        outcome: 'retry',
        checkpointOffset: null,
        rule: 'r',
        reasons,
        policyVersion: '1',
      },
    };
    expect(bodyOf(decoderOf().decode(written(decided)))).toStrictEqual(decided.event);
  });

  it('keeps a text that was cut inside a surrogate pair', () => {
    const cut = changed(heartbeat, { incarnation: 'a\ud83d' });
    expect(bodyOf(decoderOf().decode(written(cut)))).toMatchObject({ incarnation: 'a\ufffd' });
  });
});

describe('an event is refused', () => {
  it.each<[string, NewEvent, CodecErrorCode]>([
    ['of an unknown type', changed(heartbeat, { type: 'Heartbeet' }), 'unknown-type'],
    ['with the type of an inherited property', changed(heartbeat, { type: 'constructor' }), 'unknown-type'],
    ['with a field that no schema knows', changed(heartbeat, { extra: 1 }), 'undeclared-field'],
    [
      'with such a field further in',
      changed(granted, { holder: { ...holder(), pid: 1 } }),
      'undeclared-field',
    ],
    ['without a field', changed(heartbeat, { seq: undefined }), 'schema-mismatch'],
    ['without a nullable field', changed(granted, { resumeFrom: undefined }), 'schema-mismatch'],
    ['with null for a value', changed(heartbeat, { seq: null }), 'schema-mismatch'],
    ['with text for a number', changed(heartbeat, { seq: '9' }), 'schema-mismatch'],
    ['with a BigInt', changed(heartbeat, { token: 5n }), 'schema-mismatch'],
    ['with an Avro symbol', changed(granted, { resumeFrom: withKind('await_human') }), 'schema-mismatch'],
    ['with an inherited name for a symbol', changed(heartbeat, { browser: 'toString' }), 'schema-mismatch'],
    ['with token 0', changed(heartbeat, { token: 0 }), 'token-out-of-range'],
    ['with a negative token', changed(heartbeat, { token: -5 }), 'token-out-of-range'],
    ['with token 2^52', changed(heartbeat, { token: 2 ** 52 }), 'token-out-of-range'],
    ['with token 2^53', changed(heartbeat, { token: 2 ** 53 }), 'token-out-of-range'],
    ['with half a token', changed(heartbeat, { token: 1.5 }), 'token-out-of-range'],
    ['with a token that is no number', changed(heartbeat, { token: NaN }), 'token-out-of-range'],
    ['with a number beyond the exact ones', changed(heartbeat, { seq: 2 ** 53 - 1 }), 'number-out-of-range'],
    ['with a number Avro reads wrongly', changed(heartbeat, { seq: -(2 ** 52) - 1 }), 'number-out-of-range'],
    ['with an int beyond 32 bits', changed(heartbeat, { loopLagMs: 2 ** 31 }), 'number-out-of-range'],
    ['with a long text', changed(heartbeat, { incarnation: 'x'.repeat(65) }), 'string-too-long'],
    ['with a long list', changed(granted, { resumeFrom: withSteps(65) }), 'list-too-long'],
    ['with an empty profileId', changed(heartbeat, {}, { profileId: '' }), 'profile-id-empty'],
    ['with a long profileId', changed(heartbeat, {}, { profileId: 'p'.repeat(129) }), 'profile-id-too-long'],
    ['with half a character', changed(heartbeat, {}, { profileId: 'a\ud800' }), 'profile-id-not-utf8'],
    ['with a control character', changed(heartbeat, {}, { profileId: 'a\n' }), 'profile-id-not-utf8'],
    ['without a key', changed(heartbeat, {}, { profileId: null }), 'key-missing'],
    ['with a key', changed(tick, {}, { profileId: 'shop-7' }), 'key-forbidden'],
    ['without a partition', changed(tick, {}, { partition: undefined }), 'partition-missing'],
    ['without an id', changed(tick, {}, { id: '' }), 'schema-mismatch'],
    ['with a long id', changed(tick, {}, { id: 'i'.repeat(257) }), 'string-too-long'],
  ])('%s', (_case, event, code) => {
    expect(refusal(event).code).toBe(code);
  });

  it('by a writer that has no schema id for it', () => {
    expect(errorOf(() => encodeEvent(heartbeat, { ...writer, schemaIds: new Map() })).code).toBe(
      'schema-id-missing',
    );
  });

  it('with event, field, value and bound in the message', () => {
    expect(refusal(changed(heartbeat, { token: 0 })).message).toBe(
      `Heartbeat.token: 0 is no whole number from 1 to ${MAX_TOKEN}`,
    );
    expect(refusal(changed(heartbeat, { incarnation: 'x'.repeat(65) })).message).toBe(
      'Heartbeat.incarnation: 65 characters, at most 64 are allowed',
    );
  });
});

describe('a token', () => {
  it('is a whole number from 1 to 2^52 - 1', () => {
    expect([1, MAX_TOKEN].map(positiveToken)).toEqual([1, 2 ** 52 - 1]);
    for (const value of [0, -1, 1.5, 2 ** 52, 5n, '5', null]) {
      expect(isToken(value)).toBe(false);
      expect(errorOf(() => positiveToken(value)).code).toBe('token-out-of-range');
    }
  });

  it('may be any positive number where it was only presented', () => {
    const refused: NewEvent = {
      ...heartbeat,
      event: {
        type: 'WriteRefused',
        presentedToken: 2 ** 53 - 2,
        knownToken: null,
        target: 'db',
        sqlState: 'WD001',
      },
    };
    expect(bodyOf(decoderOf().decode(written(refused)))).toStrictEqual(refused.event);
    expect(refusal(changed(refused, { presentedToken: 0 })).code).toBe('token-out-of-range');
    expect(refusal(changed(refused, { knownToken: 2 ** 52 })).code).toBe('token-out-of-range');
  });
});

describe('an offset', () => {
  const at = (fields: object): NewEvent => changed(cleared, fields);

  it('is a whole number from 0 to 2^52 - 1, an epoch one from -1', () => {
    for (const fields of [
      { heartbeatOffset: 0, epoch: -1 },
      { heartbeatOffset: 2 ** 52 - 1, epoch: 7 },
    ])
      expect(bodyOf(decoderOf().decode(written(at(fields))))).toMatchObject(fields);
    for (const heartbeatOffset of [-1, 0.5, 2 ** 52, 2 ** 52 + 1, 2 ** 53])
      expect(refusal(at({ heartbeatOffset })).code).toBe('number-out-of-range');
    expect(refusal(at({ epoch: -2 })).code).toBe('number-out-of-range');
    expect(refusal(at({ heartbeatOffset: 5n })).code).toBe('schema-mismatch');
  });
});

it('a profileId is a string of 1 to 128 characters', () => {
  for (const id of ['a', 'Ünïcode 汉字 🦊', 'p'.repeat(128)]) expect(() => assertProfileId(id)).not.toThrow();
  expect(errorOf(() => assertProfileId(7)).code).toBe('schema-mismatch');
});

function holder(): object {
  return { workerId: 'w1', incarnation: 'a1', hostId: 'h1', taskId: 't1' };
}

function withKind(kind: string): object {
  const step = { stepId: 's1', name: 'n', kind, repeatable: true };
  return { checkpoint: { name: 'cart', stored: 'server' }, stepsSince: [step] };
}

function withSteps(count: number): object {
  const step = { stepId: 's1', name: 'n', kind: 'read', repeatable: true };
  return {
    checkpoint: { name: 'cart', stored: 'server' },
    stepsSince: Array.from({ length: count }, () => step),
  };
}
