import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const FOLDERS = [
  'packages/events',
  'packages/domain',
  'packages/kafka',
  'packages/postgres',
  'packages/devstack',
  'packages/testkit',
  'services/lease-authority',
  'services/projector',
  'apps/demo',
  'apps/warden',
  'examples/account-writer',
  'bench',
];
const LIBRARIES = ['kafkajs', '@kafkajs/confluent-schema-registry', 'pg', 'pino', 'vitest'];

const nameOf = (folder: string): string => `@profile-warden/${folder.split('/').at(-1) ?? folder}`;

/** A house with the folders and names of the real one and next to no code in them, to break rules in. */
export class SmallHouse implements Disposable {
  readonly root = mkdtempSync(join(tmpdir(), 'small-house-'));

  constructor() {
    const workspaces = ['packages/*', 'services/*', 'apps/*', 'examples/*', 'bench'];
    this.#json('package.json', { name: 'small-house', type: 'module', workspaces });
    for (const library of LIBRARIES) {
      this.#json(`node_modules/${library}/package.json`, { name: library, main: 'index.js' });
      this.write(`node_modules/${library}/index.js`, '');
    }
    for (const folder of FOLDERS) this.#workspace(folder);
    this.write('packages/testkit/src/parts/index.ts', 'export const parts = 1;\n');
    this.write('packages/testkit/src/spec/index.ts', 'export const spec = 1;\n');
    this.write('tests/whole.spec.ts', 'export const whole = 1;\n');
    this.write('scripts/verify.ts', 'export const verify = 1;\n');
  }

  write(path: string, content: string): void {
    mkdirSync(dirname(join(this.root, path)), { recursive: true });
    writeFileSync(join(this.root, path), content);
  }

  [Symbol.dispose](): void {
    rmSync(this.root, { recursive: true, force: true });
  }

  #workspace(folder: string): void {
    const name = nameOf(folder);
    // Everybody lists everybody, so that a planted import breaks the rule it is meant to break and no other.
    const ours = Object.fromEntries(
      FOLDERS.filter((other) => other !== folder).map((other) => [nameOf(other), '*']),
    );
    const libraries = Object.fromEntries(LIBRARIES.map((library) => [library, '1.0.0']));
    this.#json(`${folder}/package.json`, {
      name,
      type: 'module',
      exports:
        folder === 'packages/testkit'
          ? { './parts': './src/parts/index.ts', './spec': './src/spec/index.ts' }
          : './src/index.ts',
      dependencies: { ...ours, ...(folder === 'packages/testkit' ? { vitest: '1.0.0' } : libraries) },
    });
    this.write(`${folder}/src/index.ts`, "export { inside } from './inside.ts';\n");
    this.write(`${folder}/src/inside.ts`, 'export const inside = 1;\n');
    mkdirSync(join(this.root, 'node_modules/@profile-warden'), { recursive: true });
    symlinkSync(join(this.root, folder), join(this.root, 'node_modules', name));
  }

  #json(path: string, content: unknown): void {
    this.write(path, JSON.stringify(content));
  }
}
