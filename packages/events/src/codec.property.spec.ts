import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EVENT_TYPES } from './catalogue.ts';
import { asRead, bodyOf, decoderOf, granted, heartbeat, tick, writer, written } from './codec-fixture.ts';
import { encodeEvent } from './encoder.ts';
import { arbitraryNewEvent } from './event-arbitrary.ts';

describe('what is written is read back', () => {
  const decoder = decoderOf();

  it.each(EVENT_TYPES)('%s', (type) => {
    fc.assert(
      fc.property(arbitraryNewEvent(type), (event) => {
        const result = decoder.decode(written(event));
        expect(result).toStrictEqual({
          kind: 'record',
          record: {
            partition: 3,
            offset: 42,
            brokerMs: 1_700_000_000_000,
            profileId: event.profileId,
            id: event.id,
            event: event.event,
          },
        });
      }),
      { numRuns: 60 },
    );
  });

  it('and a decoded event can be spread and written again', () => {
    fc.assert(
      fc.property(fc.constantFrom(...EVENT_TYPES).chain(arbitraryNewEvent), (event) => {
        const first = encodeEvent(event, writer);
        const decoded = bodyOf(decoder.decode(asRead(first)));
        expect(Object.keys(decoded)[0]).toBe('type');
        const again = encodeEvent({ ...event, event: { ...decoded } as typeof event.event }, writer);
        expect(again.value.equals(first.value)).toBe(true);
      }),
    );
  });
});

describe('no bytes stop a reader', () => {
  const decoder = decoderOf();
  const samples = [heartbeat, granted, tick].map((event) => written(event));

  it('damaged bodies are read, undecodable or fatal, and never loop or throw', () => {
    const damage = fc.array(fc.tuple(fc.nat({ max: 200 }), fc.integer({ min: 0, max: 255 })), {
      minLength: 1,
      maxLength: 6,
    });
    fc.assert(
      fc.property(fc.constantFrom(...samples), damage, (sample, changes) => {
        const value = Buffer.from(sample.value ?? []);
        // Behind the schema id: another id is another question.
        for (const [at, byte] of changes) value[5 + (at % (value.length - 5))] = byte;
        expect(['record', 'fatal']).toContain(decoder.decode({ ...sample, value }).kind);
      }),
      { numRuns: 2_000 },
    );
  });

  it('random bytes neither', () => {
    fc.assert(
      fc.property(fc.constantFrom(...samples), fc.uint8Array({ maxLength: 80 }), (sample, bytes) => {
        const value = Buffer.concat([(sample.value ?? Buffer.alloc(0)).subarray(0, 5), bytes]);
        expect(['record', 'fatal']).toContain(decoder.decode({ ...sample, value }).kind);
      }),
      { numRuns: 2_000 },
    );
  });
});
