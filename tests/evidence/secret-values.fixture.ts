import { randomBytes } from 'node:crypto';

/** Characters of a secret that are looked for: a part of it that came through would be as bad as the whole. */
const CORE_LENGTH = 12;

/** A value that is nowhere else in the world; what follows its core changes when it is encoded. */
export const secretValue = (): string => `${randomBytes(12).toString('hex')}+=`;

/** The digits that a text has in base64 wherever it stands in what was encoded: they depend on its place by threes. */
const base64Digits = (text: string): readonly string[] =>
  [0, 1, 2].map((before) => {
    const encoded = Buffer.concat([Buffer.alloc(before), Buffer.from(text)]).toString('base64');
    const whole = Math.floor(((before + text.length) * 8) / 6);
    return encoded.slice(before === 0 ? 0 : before + 1, whole);
  });

const base64Url = (digits: string): string => digits.replaceAll('+', '-').replaceAll('/', '_');

/** The core of a value as it stands in plain text and in urls, in base64 of both kinds, and in hex digits. */
function formsOf(value: string): readonly string[] {
  const core = value.slice(0, CORE_LENGTH);
  const digits = base64Digits(core);
  return [
    ...new Set([
      core,
      encodeURIComponent(core),
      ...digits,
      ...digits.map(base64Url),
      Buffer.from(core).toString('hex'),
    ]),
  ];
}

/** Every form of each value that is in one of the places, as `name: form (place)`; nothing is shown of the value itself. */
export function found(
  values: Readonly<Record<string, string>>,
  places: ReadonlyMap<string, Buffer>,
): readonly string[] {
  return Object.entries(values).flatMap(([name, value]) =>
    formsOf(value).flatMap((form, index) =>
      [...places]
        .filter(([, bytes]) => bytes.includes(form))
        .map(([place]) => `${name}, form ${index}: ${place}`),
    ),
  );
}
