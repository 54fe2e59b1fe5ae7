import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const SKIPPED = new Set(['node_modules', 'dist', 'coverage']);
/** The folders with code outside the workspaces. */
const OUTSIDE = ['scripts', 'tests'];

/** The folders that the root package.json names as workspaces, `packages/*` written out. */
export function workspaceFolders(root: string): string[] {
  const { workspaces } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    workspaces: string[];
  };
  return workspaces
    .flatMap((pattern) => {
      if (!pattern.endsWith('/*')) return [pattern];
      const folder = pattern.slice(0, -2);
      if (!existsSync(join(root, folder))) return [];
      return readdirSync(join(root, folder)).map((name) => `${folder}/${name}`);
    })
    .filter((folder) => existsSync(join(root, folder, 'package.json')))
    .sort();
}

/** Every TypeScript file of the house, found by walking the folders: a count that no tool's settings can shrink. */
export function typeScriptFiles(root: string): string[] {
  const inRoot = readdirSync(root).filter((name) => name.endsWith('.ts'));
  return [...inRoot, ...codeFolders(root).flatMap((folder) => walk(root, folder))].sort();
}

export const codeFolders = (root: string): string[] =>
  [...workspaceFolders(root), ...OUTSIDE].filter((folder) => existsSync(join(root, folder)));

const walk = (root: string, folder: string): string[] =>
  readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    if (SKIPPED.has(entry.name) || entry.name.startsWith('.')) return [];
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return walk(root, path);
    return entry.name.endsWith('.ts') ? [path] : [];
  });
