import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const PAGE = readFileSync(join(import.meta.dirname, '../../docs/api/worker.md'), 'utf8');
const INTERFACES = [
  'ConnectOptions',
  'AcquireOptions',
  'StepOptions',
  'CheckpointOptions',
  'ReleaseOptions',
  'ChromiumProfile',
  'FirefoxProfile',
];

interface Option {
  readonly name: string;
  readonly isOptional: boolean;
  readonly type: string;
  readonly text: string;
}

function optionsOf(name: string): readonly Option[] {
  const [, section = ''] =
    new RegExp(`^### ${name}(?:\\\\<.*)?\n(.*?)(?=^### |^## |$(?![^]))`, 'ms').exec(PAGE) ?? [];
  const rows = section.split('\n').filter((line) => line.startsWith('| <a id="property-'));
  return rows.map((row) => {
    const [, property = '', , type = '', text = ''] = row.split(/(?<!\\)\|/).map((cell) => cell.trim());
    const [, found = '', mark] = /`(\w+)(\??)`/.exec(property) ?? [];
    return { name: found, isOptional: mark === '?', type, text };
  });
}

describe.each(INTERFACES)('the reference of %s', (name) => {
  const options = optionsOf(name);

  it('lists them', () => {
    expect(options.length).toBeGreaterThan(0);
  });

  it.each(options.map((option) => [option.name, option] as const))(
    '%s is explained, with its default where it may be left out and its bounds where it is a number',
    (_name, { isOptional, type, text }) => {
      expect(text.length).toBeGreaterThan(20);
      if (isOptional) expect(text).toMatch(/default/i);
      if (type === '`number`') expect(text).toMatch(/\d.* to .*\d|at most.*\d/i);
    },
  );
});
