/** The reference of the packages that others install, one page each, from their docstrings. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Application, LogLevel, type TypeDocOptions } from 'typedoc';
import type { PluginOptions } from 'typedoc-plugin-markdown';

const ROOT = join(import.meta.dirname, '..');
const PACKAGES = ['worker', 'fence'];
const BANNER =
  '<!-- Generated from the docstrings of the package by `npm run generate`. Do not edit. -->\n\n';

const OPTIONS: TypeDocOptions & PluginOptions = {
  plugin: ['typedoc-plugin-markdown'],
  logLevel: LogLevel.Error,
  readme: 'none',
  // Nothing that differs from one checkout to the next.
  disableSources: true,
  disableGit: true,
  hideGenerator: true,
  excludeInternal: true,
  excludePrivate: true,
  excludeExternals: true,
  // One page for a package.
  router: 'module',
  hideBreadcrumbs: true,
  hidePageHeader: true,
  parametersFormat: 'table',
  interfacePropertiesFormat: 'table',
  typeDeclarationFormat: 'table',
  useCodeBlocks: true,
};

async function page(folder: string): Promise<string> {
  const home = join(ROOT, 'packages', folder);
  const out = mkdtempSync(join(tmpdir(), 'profile-warden-api-'));
  try {
    const app = await Application.bootstrapWithPlugins({
      ...OPTIONS,
      name: `@profile-warden/${folder}`,
      entryPoints: [join(home, 'src/index.ts')],
      tsconfig: join(home, 'tsconfig.build.json'),
      outputs: [{ name: 'markdown', path: out }],
    });
    const project = await app.convert();
    if (project === undefined) throw new Error(`typedoc could not read packages/${folder}`);
    await app.generateOutputs(project);
    return BANNER + readFileSync(join(out, 'README.md'), 'utf8');
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
}

/** By path, not formatted yet. */
export async function apiReference(): Promise<readonly (readonly [path: string, text: string])[]> {
  const pages: [string, string][] = [];
  for (const folder of PACKAGES) pages.push([join(ROOT, 'docs/api', `${folder}.md`), await page(folder)]);
  return pages;
}
