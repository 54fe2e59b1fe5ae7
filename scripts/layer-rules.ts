/**
 * The layers, as rules over imports. `layers.ts` applies them; `tests/house/layers.spec.ts` breaks each once.
 * A rule names what is forbidden; its comment says what to do instead.
 */
import type { ICruiseOptions, IRegularForbiddenRuleType } from 'dependency-cruiser';

const OWN = '^((?:packages|services|apps|examples)/[^/]+|bench)/';
const ENTRY = [
  '^(?:packages|services|apps|examples)/[^/]+/src/index\\.ts$',
  '^packages/testkit/src/[^/]+/index\\.ts$',
];
const FIXTURE = '[.-](fixture|arbitrary)\\.ts$';
const TEST_CODE = ['\\.spec\\.ts$', FIXTURE, '^tests/', '^bench/', '^packages/testkit/', '/bench/'];
const npm = (...names: string[]): string[] => names.map((name) => `(^|/)node_modules/${name}/`);

type From = IRegularForbiddenRuleType['from'];
type To = IRegularForbiddenRuleType['to'];

const forbid = (name: string, from: From, to: To, comment: string): IRegularForbiddenRuleType => ({
  name,
  severity: 'error',
  comment,
  from,
  to,
});

export const LAYER_RULES: readonly IRegularForbiddenRuleType[] = [
  forbid('no-cycles', {}, { circular: true }, 'Move what both need into a third file.'),
  forbid('resolved', {}, { couldNotResolve: true }, 'An import nobody can follow hides what it reaches.'),
  forbid(
    'services-apart',
    { path: '^services/([^/]+)/' },
    { path: '^services/', pathNot: '^services/$1/' },
    'Services meet on the log; what two of them need belongs in a package.',
  ),
  forbid(
    'packages-below',
    // The simulation runs the services' own code: it stands above them, as a test does.
    { path: '^packages/', pathNot: '^packages/testkit/src/simulation/' },
    { path: '^(services|apps|examples|bench|scripts|tests)/' },
    'Packages know nothing of those who use them.',
  ),
  forbid(
    'services-below-apps',
    { path: '^services/' },
    { path: '^(apps|examples|bench|scripts|tests)/' },
    'Services know nothing of the programs around them.',
  ),
  forbid(
    'apps-apart',
    { path: '^(apps|examples)/([^/]+)/' },
    { path: '^(apps|examples|services|bench|scripts|tests)/', pathNot: '^$1/$2/' },
    'An app or an example starts a service as a process and reads the log; it imports packages only.',
  ),
  forbid(
    'through-the-index',
    { path: OWN },
    { path: OWN, pathNot: ['^$1/', ...ENTRY] },
    'Export it from the index of that package.',
  ),
  forbid(
    'through-the-index-from-outside',
    { pathNot: OWN },
    { path: OWN, pathNot: ENTRY },
    'Export it from the index of that package.',
  ),
  forbid(
    'by-name',
    { path: OWN },
    { path: OWN, pathNot: '^$1/', dependencyTypes: ['local'], dependencyTypesNot: ['aliased-workspace'] },
    'Import another package by its name, not by a path out of this one.',
  ),
  forbid(
    'by-name-from-outside',
    { pathNot: OWN },
    { path: OWN, dependencyTypes: ['local'], dependencyTypesNot: ['aliased-workspace'] },
    'Import a package by its name, not by its path.',
  ),
  forbid(
    'domain-pure',
    { path: '^packages/domain/', pathNot: TEST_CODE },
    { pathNot: ['^packages/domain/', '^packages/events/src/index\\.ts$'] },
    'The domain imports nothing but the events: no node:, no library.',
  ),
  forbid(
    'events-alone',
    { path: '^packages/events/', pathNot: TEST_CODE },
    { path: OWN, pathNot: '^packages/events/' },
    'Everybody stands on the events, they on nobody.',
  ),
  forbid(
    'testkit-for-tests',
    { pathNot: TEST_CODE },
    { path: '^packages/testkit/' },
    'Only specs, fixtures, tests/ and benches use the testkit.',
  ),
  forbid(
    'fixtures-for-tests',
    { pathNot: TEST_CODE },
    { path: ['\\.spec\\.ts$', FIXTURE] },
    'Production code does not run on test code.',
  ),
  forbid(
    'kafkajs-in-kafka',
    // A benchmark shows what the library alone does beside us.
    { pathNot: '^(packages/kafka|bench)/' },
    { path: npm('kafkajs', '@kafkajs') },
    'Go through @profile-warden/kafka.',
  ),
  forbid(
    'pg-in-postgres',
    // An example stands where a user's own service would, with a pool of its own.
    { pathNot: ['^packages/(postgres|fence|devstack)/', '^examples/'] },
    { path: npm('pg', 'pg-[^/]+', 'node-pg-migrate', '@types/pg') },
    'Go through @profile-warden/postgres or @profile-warden/fence.',
  ),
  forbid(
    'devstack-above',
    { pathNot: ['^packages/devstack/', '^apps/', ...TEST_CODE] },
    { path: '^packages/devstack/' },
    'A service is given the addresses of its parts; only apps, benches and tests start parts.',
  ),
  forbid(
    'listed',
    {},
    { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
    'List it in the package.json of the package that imports it.',
  ),
  forbid(
    'listed-for-production',
    { path: OWN, pathNot: TEST_CODE },
    { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    'Move it from devDependencies to dependencies: production code imports it.',
  ),
];

export const CRUISE_OPTIONS: ICruiseOptions = {
  // Types count as imports: a type that crosses a layer ties the layers together too.
  tsPreCompilationDeps: true,
  combinedDependencies: false,
  doNotFollow: { path: '(^|/)node_modules/' },
  exclude: { path: '^(packages|services|apps|examples)/[^/]+/(dist|node_modules)/' },
  enhancedResolveOptions: {
    exportsFields: ['exports'],
    conditionNames: ['node', 'import', 'types', 'default'],
    mainFields: ['module', 'main', 'types'],
    extensions: ['.ts', '.mjs', '.js', '.cjs', '.d.ts', '.json'],
  },
};
