import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LAYER_RULES } from '../../scripts/layer-rules.ts';
import { checkLayers, notSeen } from '../../scripts/layers.ts';
import { typeScriptFiles } from '../../scripts/source-files.ts';
import { SmallHouse } from './small-house.fixture.ts';

let house: SmallHouse;
beforeEach(() => {
  house = new SmallHouse();
});
afterEach(() => {
  house[Symbol.dispose]();
});

async function brokenRules(): Promise<string[]> {
  const { breaks, unseen } = await checkLayers(house.root);
  expect(unseen).toEqual([]);
  return [...new Set(breaks.map(({ rule }) => rule))].sort();
}

const ours = (name: string): string =>
  `import { inside } from '@profile-warden/${name}';\nexport const used = inside;\n`;
const path = (from: string): string => `import { inside } from '${from}';\nexport const used = inside;\n`;

/** Rule, the file planted, its content. Every rule stands here at least once. */
const BREAKS: readonly (readonly [rule: string, file: string, content: string])[] = [
  [
    'no-cycles',
    'packages/events/src/inside.ts',
    "import { inside as a } from './index.ts';\nexport const inside: number = a;\n",
  ],
  ['resolved', 'services/projector/src/main.ts', path('./nowhere.ts')],
  ['services-apart', 'services/projector/src/main.ts', ours('lease-authority')],
  ['packages-below', 'packages/kafka/src/up.ts', ours('projector')],
  ['packages-below', 'packages/kafka/src/up.ts', ours('demo')],
  ['packages-below', 'packages/kafka/src/up.ts', ours('account-writer')],
  ['services-below-apps', 'services/projector/src/main.ts', ours('warden')],
  ['services-below-apps', 'services/projector/src/main.ts', ours('account-writer')],
  ['apps-apart', 'apps/demo/src/main.ts', ours('warden')],
  ['apps-apart', 'apps/demo/src/main.ts', ours('projector')],
  ['apps-apart', 'apps/demo/src/main.ts', ours('account-writer')],
  ['apps-apart', 'examples/account-writer/src/main.ts', ours('projector')],
  [
    'domain-pure',
    'packages/domain/src/clock.ts',
    "import { hrtime } from 'node:process';\nexport const used = hrtime;\n",
  ],
  ['domain-pure', 'packages/domain/src/log.ts', "import pino from 'pino';\nexport const used = pino;\n"],
  ['domain-pure', 'packages/domain/src/topic.ts', ours('kafka')],
  ['domain-pure', 'packages/domain/src/topic.ts', "export type { Inside } from '@profile-warden/kafka';\n"],
  ['events-alone', 'packages/events/src/state.ts', ours('domain')],
  [
    'testkit-for-tests',
    'packages/kafka/src/log.ts',
    "import { spec } from '@profile-warden/testkit/spec';\nexport const used = spec;\n",
  ],
  ['fixtures-for-tests', 'packages/kafka/src/log.ts', path('./log.fixture.ts')],
  [
    'kafkajs-in-kafka',
    'services/projector/src/main.ts',
    "import { Kafka } from 'kafkajs';\nexport const used = Kafka;\n",
  ],
  [
    'kafkajs-in-kafka',
    'services/projector/src/main.ts',
    "export type { SchemaRegistry } from '@kafkajs/confluent-schema-registry';\n",
  ],
  ['pg-in-postgres', 'services/projector/src/main.ts', "export type { Pool } from 'pg';\n"],
  ['pg-in-postgres', 'services/projector/src/main.ts', "export const used = await import('pg');\n"],
  ['devstack-above', 'services/projector/src/main.ts', ours('devstack')],
  ['listed', 'packages/testkit/src/log.ts', "import pino from 'pino';\nexport const used = pino;\n"],
];

/** Breaks of two rules at once, since a path out of a package is also a way past its index. */
const WAYS_IN: readonly (readonly [rules: string[], file: string, content: string])[] = [
  [['packages-below', 'through-the-index'], 'packages/kafka/src/up.ts', ours('bench')],
  [['by-name'], 'packages/kafka/src/events.ts', path('../../events/src/index.ts')],
  [['by-name', 'through-the-index'], 'packages/kafka/src/events.ts', path('../../events/src/inside.ts')],
  [['by-name-from-outside'], 'tests/part.spec.ts', path('../packages/events/src/index.ts')],
  [
    ['by-name-from-outside', 'through-the-index-from-outside'],
    'scripts/part.ts',
    path('../packages/events/src/inside.ts'),
  ],
  [['resolved'], 'packages/kafka/src/events.ts', path('@profile-warden/events/src/inside.ts')],
];

describe('a house that keeps the rules', () => {
  it('breaks none', async () => {
    expect(await brokenRules()).toEqual([]);
  });

  it('may do what the rules leave open', async () => {
    house.write('packages/domain/src/state.ts', ours('events'));
    house.write(
      'packages/domain/src/state.spec.ts',
      "import { spec } from '@profile-warden/testkit/spec';\nexport const used = spec;\n",
    );
    house.write(
      'packages/kafka/src/log.fixture.ts',
      "import { parts } from '@profile-warden/testkit/parts';\nexport const used = parts;\n",
    );
    house.write(
      'packages/kafka/src/client.ts',
      "import { Kafka } from 'kafkajs';\nexport const used = Kafka;\n",
    );
    house.write('packages/postgres/src/pool.ts', "import pg from 'pg';\nexport const used = pg;\n");
    house.write('services/projector/src/main.ts', ours('kafka'));
    house.write('apps/demo/src/main.ts', ours('devstack'));
    house.write('bench/src/grant.ts', ours('devstack'));
    house.write('examples/account-writer/src/main.ts', "import pg from 'pg';\nexport const used = pg;\n");
    expect(await brokenRules()).toEqual([]);
  });
});

describe('a planted break', () => {
  it.each(BREAKS)('of %s in %s is named', async (rule, file, content) => {
    house.write('packages/kafka/src/log.fixture.ts', 'export const inside = 1;\n');
    house.write(file, content);
    expect(await brokenRules()).toEqual([rule]);
  });

  it.each(WAYS_IN)('of %j in %s is named', async (rules, file, content) => {
    house.write(file, content);
    expect(await brokenRules()).toEqual(rules);
  });

  it('of listed-for-production is named', async () => {
    house.write(
      'packages/kafka/package.json',
      JSON.stringify({
        name: '@profile-warden/kafka',
        exports: './src/index.ts',
        devDependencies: { pino: '1' },
      }),
    );
    house.write('packages/kafka/src/log.ts', "import pino from 'pino';\nexport const used = pino;\n");
    expect(await brokenRules()).toEqual(['listed-for-production']);
  });

  it('of listed is named for a package of ours too', async () => {
    house.write(
      'packages/kafka/package.json',
      JSON.stringify({ name: '@profile-warden/kafka', exports: './src/index.ts' }),
    );
    house.write('packages/kafka/src/events.ts', ours('events'));
    expect(await brokenRules()).toEqual(['listed']);
  });

  it('is planted for every rule there is', () => {
    const planted = new Set([
      ...BREAKS.map(([rule]) => rule),
      ...WAYS_IN.flatMap(([rules]) => rules),
      'listed-for-production',
    ]);
    expect([...planted].sort()).toEqual(LAYER_RULES.map(({ name }) => name).sort());
  });
});

describe('a check that did not look', () => {
  it('names a workspace without a module', async () => {
    rmSync(join(house.root, 'apps/warden/src'), { recursive: true });
    expect((await checkLayers(house.root)).unseen).toEqual(['apps/warden: 0 modules']);
  });

  it('names a file that it passed over', () => {
    house.write('packages/kafka/src/late.ts', 'export const late = 1;\n');
    const files = typeScriptFiles(house.root);
    const modules = files.filter((file) => file !== 'packages/kafka/src/late.ts');
    expect(notSeen(house.root, files, modules)).toEqual(['packages/kafka/src/late.ts']);
  });
});
