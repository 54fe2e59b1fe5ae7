import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { IModule } from 'dependency-cruiser';

const OURS = /^@profile-warden\/[^/]+/;
const WORKSPACE = /^(?:(?:packages|services|apps)\/[^/]+|bench)(?=\/)/;

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

export interface Unlisted {
  readonly from: string;
  readonly to: string;
}

/**
 * Imports of our packages that the importing package.json does not list. npm links every workspace into the root, so
 * such an import works here and fails for whoever installs the package alone; neither knip nor the layer rules see it.
 */
export function unlistedWorkspaces(root: string, modules: readonly IModule[]): Unlisted[] {
  const manifests = new Map<string, Manifest>();
  const listedIn = (folder: string, name: string): boolean => {
    const manifest = manifests.get(folder) ?? readManifest(root, folder);
    manifests.set(folder, manifest);
    return name in { ...manifest.dependencies, ...manifest.devDependencies };
  };
  return modules.flatMap(({ source, dependencies }) => {
    const folder = WORKSPACE.exec(source)?.[0];
    if (folder === undefined) return [];
    const names = new Set(dependencies.map(({ module }) => OURS.exec(module)?.[0]));
    return [...names]
      .filter((name) => name !== undefined)
      .filter((name) => !listedIn(folder, name))
      .map((name) => ({ from: source, to: name }));
  });
}

const readManifest = (root: string, folder: string): Manifest =>
  JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')) as Manifest;
