/**
 * Writes what follows from the event schemas: their TypeScript types, the schemas as a module (so that a bundled
 * package needs no file beside it) and `docs/events.md`; and from docstrings: `docs/api`. `--check` writes nothing and
 * names the files that differ.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { toTypeScript } from '@ovotech/avro-ts';
import { format, resolveConfig } from 'prettier';
import type { AvroField, AvroSchema, AvroType } from '@profile-warden/events';
import { apiReference } from './api-reference.ts';

const ROOT = join(import.meta.dirname, '..');
const SCHEMAS = join(ROOT, 'packages/events/schemas');
const GENERATED = join(ROOT, 'packages/events/src/generated');
const BANNER = '// Generated from ../../schemas by `npm run generate`. Do not edit.\n\n';

const loadSchemas = (): AvroSchema[] =>
  readdirSync(SCHEMAS)
    .filter((file) => file.endsWith('.avsc'))
    .map((file) => JSON.parse(readFileSync(join(SCHEMAS, file), 'utf8')) as AvroSchema)
    .sort((a, b) => (a.name < b.name ? -1 : 1));

/** What the codec hands out: no namespace, symbols with the hyphens that Avro forbids. */
function decodedShape(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(decodedShape);
  if (typeof node !== 'object' || node === null) return node;
  return Object.fromEntries(
    Object.entries(node)
      .filter(([key]) => key !== 'namespace')
      .map(([key, value]) => [
        key,
        key === 'symbols'
          ? (value as string[]).map((symbol) => symbol.replaceAll('_', '-'))
          : decodedShape(value),
      ]),
  );
}

const DECLARATION = /\/\*\*(?:(?!\*\/)[^])*\*\/\nexport (?:type|interface) (\w+) (?:= [^;]*;|\{[^]*?\n\})\n/g;

/** One declaration per named type, in the order of first use; avro-ts repeats shared ones per schema. */
function declarations(schemas: readonly AvroSchema[]): Map<string, string> {
  const found = new Map<string, string>();
  // avro-ts brings a TypeScript of its own that warns of its factories on every run.
  const warn = console.warn;
  console.warn = () => undefined;
  try {
    for (const schema of schemas) {
      const source = toTypeScript(decodedShape(schema) as Parameters<typeof toTypeScript>[0]);
      for (const [text, name = ''] of source.matchAll(DECLARATION)) {
        const declaration = readable(text);
        if ((found.get(name) ?? declaration) !== declaration)
          throw new Error(`${schema.name} defines ${name} in another way than the schemas before it`);
        found.set(name, declaration);
      }
    }
  } finally {
    console.warn = warn;
  }
  return found;
}

/** Decoded events are shared by every reader of a process: nobody may change them. */
const readable = (declaration: string): string =>
  declaration
    .replace(/\n\s+\*\s*\n\s+\* Default: null/g, '')
    .replace(/\/\*\*\n\s*\* (.*)\n\s*\*\//g, '/** $1 */')
    .replace(/^ {4}(\w+): (.*);$/gm, (_line, name: string, type: string) => {
      const nullable = type.startsWith('null | ') ? `${type.slice('null | '.length)} | null` : type;
      return `    readonly ${name}: ${nullable.endsWith('[]') ? 'readonly ' : ''}${nullable};`;
    });

function typesModule(schemas: readonly AvroSchema[]): string {
  const payloads = schemas.map(({ name }) => `readonly ${name}: ${name};`).join('\n');
  return (
    BANNER +
    [...declarations(schemas).values()].join('\n') +
    `\n/** The fields of each event, by its type. */\nexport interface EventPayloads {\n${payloads}\n}\n`
  );
}

function schemasModule(schemas: readonly AvroSchema[]): string {
  const entries = schemas.map((schema) => `${schema.name}: ${JSON.stringify(schema)}`).join(',\n');
  return (
    BANNER +
    `import type { AvroSchema } from '../schema.ts';\nimport type { EventPayloads } from './types.ts';\n\n` +
    `export const SCHEMAS: Readonly<Record<keyof EventPayloads, AvroSchema>> = {${entries}};\n`
  );
}

const escaped = (text: string): string => text.replaceAll('|', '\\|').replaceAll('_', '-');

function typeText(type: AvroType): string {
  if (typeof type === 'string') return type;
  if (isUnion(type)) return `${typeText(type[1])} or null`;
  if (type.type === 'array') return `list of ${typeText(type.items)}`;
  return type.type === 'enum' ? `${type.name}: ${type.symbols.map(escaped).join(', ')}` : type.name;
}

const isUnion = (type: AvroType): type is readonly ['null', AvroType] => Array.isArray(type);

/** The records inside a type, which get a table of their own. */
function recordsIn(type: AvroType): AvroSchema[] {
  if (typeof type === 'string') return [];
  if (isUnion(type)) return recordsIn(type[1]);
  if (type.type === 'array') return recordsIn(type.items);
  return type.type === 'record' ? [type, ...type.fields.flatMap((field) => recordsIn(field.type))] : [];
}

function fieldRow({ name, type, doc }: AvroField): string {
  const bound = /\(max (\d+)\)/.exec(doc ?? '')?.[1];
  const list = /at most (\d+)/.exec(doc ?? '')?.[1];
  const bounds = [list && `${list} entries`, bound && `${bound} characters`].filter(Boolean).join(', ');
  const text = (doc ?? '').replace(/ ?\(max \d+\)/, '').replace(/; at most \d+/, '');
  return `| \`${name}\` | ${escaped(typeText(type))} | ${bounds} | ${escaped(text)} |`;
}

const section = (level: string, { name, doc, fields }: AvroSchema): string =>
  `${level} ${name}\n\n${doc ?? ''}\n\n| field | type | at most | meaning |\n|---|---|---|---|\n` +
  `${fields.map(fieldRow).join('\n')}\n`;

const WRITER = / Written by: (.*)\.$/;

function overviewRow({ name, doc = '' }: AvroSchema): string {
  const writer = WRITER.exec(doc)?.[1];
  if (writer === undefined) throw new Error(`${name}: the doc does not say who writes it`);
  return `| [${name}](#${name.toLowerCase()}) | ${writer} | ${doc.replace(WRITER, '')} |`;
}

function eventsPage(schemas: readonly AvroSchema[]): string {
  const shared = new Map(
    schemas
      .flatMap((schema) => schema.fields.flatMap((field) => recordsIn(field.type)))
      .map((record) => [record.name, record] as const),
  );
  return [
    '# Events\n\n<!-- Generated from packages/events/schemas by `npm run generate`. Do not edit. -->\n',
    'Every record of the topic is one of these events, in Avro behind the Confluent header (a zero byte and the',
    'schema id). Lengths count UTF-16 code units. `long` values stay within what JavaScript holds exactly; fencing',
    'tokens run from 1 to 2^52 - 1. A symbol that a reader does not know arrives as `UNKNOWN`.\n',
    '| event | written by | says |\n|---|---|---|',
    ...schemas.map(overviewRow),
    '',
    ...schemas.map((schema) => section('##', schema)),
    '## Records inside events\n',
    ...[...shared.values()].map((record) => section('###', record)),
  ].join('\n');
}

async function outputs(): Promise<Map<string, string>> {
  const schemas = loadSchemas();
  const raw = [
    [join(GENERATED, 'types.ts'), typesModule(schemas)],
    [join(GENERATED, 'schemas.ts'), schemasModule(schemas)],
    [join(ROOT, 'docs/events.md'), eventsPage(schemas)],
    ...(await apiReference()),
  ] as const;
  const formatted = new Map<string, string>();
  for (const [path, text] of raw)
    formatted.set(path, await format(text, { ...(await resolveConfig(path)), filepath: path }));
  return formatted;
}

const check = process.argv.includes('--check');
const stale: string[] = [];
for (const [path, text] of await outputs()) {
  if (existsSync(path) && readFileSync(path, 'utf8') === text) continue;
  stale.push(relative(ROOT, path));
  if (check) continue;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}
for (const path of stale)
  console.log(`${check ? 'differs from what it is generated from' : 'written'}: ${path}`);
if (check && stale.length > 0) process.exitCode = 1;
