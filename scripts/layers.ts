/**
 * Holds the imports against the rules of `layer-rules.ts`, and proves that it looked: every TypeScript file
 * found by walking the folders must be among the modules seen, and no workspace may show none.
 */
import { join } from 'node:path';
import { cruise } from 'dependency-cruiser';
import type { ICruiseResult } from 'dependency-cruiser';
import extractTsConfig from 'dependency-cruiser/config-utl/extract-ts-config';
import { CRUISE_OPTIONS, LAYER_RULES } from './layer-rules.ts';
import { unlistedWorkspaces } from './listing.ts';
import { codeFolders, typeScriptFiles, workspaceFolders } from './source-files.ts';

const HOUSE = join(import.meta.dirname, '..');

export interface LayerReport {
  /** Modules of ours, without libraries. */
  readonly modules: readonly string[];
  readonly breaks: readonly LayerBreak[];
  /** TypeScript files that the check did not see, and workspaces without a module. */
  readonly unseen: readonly string[];
}

export interface LayerBreak {
  readonly rule: string;
  readonly from: string;
  readonly to: string;
  readonly advice: string;
}

/** Checks the tree below `root` by the rules of this house. */
export async function checkLayers(root: string): Promise<LayerReport> {
  const files = typeScriptFiles(root);
  const { summary, modules: seen } = await cruiseTree(root, files);
  const own = seen.filter(({ source, coreModule }) => coreModule !== true && !/node_modules\//.test(source));
  const modules = own.map(({ source }) => source);
  const advice = new Map(LAYER_RULES.map(({ name, comment }) => [name, comment]));
  const breaks = summary.violations.map(({ rule, from, to, cycle }) => ({
    rule: rule.name,
    from,
    to: cycle === undefined ? to : cycle.map(({ name }) => name).join(' → '),
    advice: advice.get(rule.name) ?? '',
  }));
  const unlisted = unlistedWorkspaces(root, own).map((found) => ({
    rule: 'listed',
    ...found,
    advice: advice.get('listed') ?? '',
  }));
  return { modules, breaks: [...breaks, ...unlisted], unseen: notSeen(root, files, modules) };
}

async function cruiseTree(root: string, files: readonly string[]): Promise<ICruiseResult> {
  const inRoot = files.filter((file) => !file.includes('/'));
  const { output } = await cruise(
    [...codeFolders(root), ...inRoot],
    { ...CRUISE_OPTIONS, ruleSet: { forbidden: [...LAYER_RULES] }, validate: true, baseDir: root },
    {},
    { tsConfig: extractTsConfig(join(HOUSE, 'tsconfig.json')) as unknown },
  );
  if (typeof output === 'string') throw new Error('dependency-cruiser answered with text');
  return output;
}

/** Files and workspaces that a check that saw these modules did not see. */
export function notSeen(root: string, files: readonly string[], modules: readonly string[]): string[] {
  const seen = new Set(modules);
  const empty = workspaceFolders(root).filter(
    (folder) => !modules.some((module) => module.startsWith(`${folder}/`)),
  );
  return [...files.filter((file) => !seen.has(file)), ...empty.map((folder) => `${folder}: 0 modules`)];
}

if (import.meta.main) {
  const { modules, breaks, unseen: missing } = await checkLayers(HOUSE);
  console.log(`saw ${modules.length} modules in ${workspaceFolders(HOUSE).length} workspaces`);
  for (const [rule, found] of Map.groupBy(breaks, ({ rule: name }) => name)) {
    console.log(`${rule}: ${found[0]?.advice ?? ''}`);
    for (const { from, to } of found) console.log(`    ${from} imports ${to}`);
  }
  for (const file of missing) console.log(`not seen: ${file}`);
  process.exitCode = breaks.length + missing.length === 0 ? 0 : 1;
}
