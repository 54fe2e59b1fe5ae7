/**
 * The one gate for people and CI: format, types, lint, layers, dead code, generated files, unit and simulation tests.
 * Two lanes for two cores; the tests mostly wait for processes that they start, so they take a lane from the start.
 */
import { join } from 'node:path';
import { type Gate, type GateResult, runGates, stopGatesWithUs } from './gate.ts';

const ROOT = join(import.meta.dirname, '..');
const LANES = 2;
/** Only against a gate that hangs: on a busy machine one may well take minutes. */
const LIMIT_MS = 600_000;
const PINNED_MAJOR = 24;

const tool = (path: string): string => join(ROOT, 'node_modules', path);
const cache = (name: string): string => join(ROOT, 'node_modules/.cache', name);

/** `args`: the program and what it gets. */
const gate = (name: string, ...args: string[]): Gate => ({ name, args, limitMs: LIMIT_MS });

const GATES: readonly Gate[] = [
  gate('tests', tool('vitest/vitest.mjs'), ...testArgs('unit', 'simulation')),
  gate('lint', tool('eslint/bin/eslint.js'), '.', ...cached('eslint/'), '--max-warnings', '0'),
  gate('types', tool('typescript/bin/tsc'), '--project', ROOT),
  gate('format', tool('prettier/bin/prettier.cjs'), '--check', '.', ...cached('prettier.json')),
  gate('layers', 'scripts/layers.ts'),
  gate('dead code', tool('knip/bin/knip.js'), '--no-progress', '--no-config-hints'),
  gate('generated', 'scripts/generate.ts', '--check'),
];

function testArgs(...projects: string[]): string[] {
  return [
    'run',
    '--allowOnly=false',
    '--reporter=dot',
    ...projects.flatMap((project) => ['--project', project]),
  ];
}

/** By content, not by time: a fresh checkout has new times and the same content. */
function cached(name: string): string[] {
  return ['--cache', '--cache-location', cache(name), '--cache-strategy', 'content'];
}

/** The line of a passed gate that says how much it saw. */
const seen = (output: string): string =>
  /^saw .*$/m.exec(output)?.[0] ?? /Tests .*$/m.exec(output)?.[0] ?? '';

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

function report({ name, passed, tookMs, output }: GateResult): void {
  const mark = passed ? 'ok  ' : 'FAIL';
  console.log(
    `${mark} ${name.padEnd(10)} ${seconds(tookMs).padStart(8)}  ${passed ? seen(output) : ''}`.trimEnd(),
  );
  if (!passed) console.log(output.replace(/^/gm, '    '));
}

const startMs = performance.now();
console.log(`verify on Node ${process.version}`);
if (Number(process.versions.node.split('.')[0]) < PINNED_MAJOR) {
  console.error(`verify needs the pinned Node ${PINNED_MAJOR}: start it with npm run verify`);
  process.exit(1);
}
stopGatesWithUs();
const results = await runGates(GATES, { cwd: ROOT, width: LANES, onEnd: report });
const failed = results.filter(({ passed }) => !passed).map(({ name }) => name);
const verdict = failed.length === 0 ? 'all passed' : `failed: ${failed.join(', ')}`;
console.log(`verify: ${results.length} gates in ${seconds(performance.now() - startMs)}, ${verdict}`);
process.exitCode = failed.length === 0 ? 0 : 1;
