import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accountDatabase, type AccountDatabase } from './account-database.fixture.ts';

const run = promisify(execFile);
const INSTALL_MS_MAX = 120_000;

const fileOf = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url));
const CACHE = fileURLToPath(new URL('../../../node_modules/.cache/account-writer/', import.meta.url));

let database: AccountDatabase;
beforeAll(async () => {
  database = await accountDatabase();
});
afterAll(() => database[Symbol.asyncDispose]());

/** What the program printed, or how it ended. */
async function outcome(program: string, args: readonly string[]): Promise<string> {
  try {
    await run(program, args, { env: { ...process.env, ...database.env } });
    return 'done';
  } catch (error) {
    return (error as { stderr?: string }).stderr ?? String(error);
  }
}

const readmeOfFence = (): Promise<string> =>
  readFile(new URL('../../../packages/fence/README.md', import.meta.url), 'utf8');

describe('psql', () => {
  const args = (profileId: string, token: number): string[] => [
    ...['-X', '-q', '-v', 'ON_ERROR_STOP=1', '-v', `profile=${profileId}`, '-v', `token=${token}`],
    ...['-v', 'amount=-5', '-f', fileOf('psql/write-account.sql')],
  ];

  it('writes under the current token only', async (context) => {
    const found = await run('psql', ['--version']).catch(() => null);
    if (found === null)
      context.skip('psql is not installed; the same statements run through the driver below');
    await database.lease('by psql', 4);
    expect(await outcome('psql', args('by psql', 4))).toBe('done');
    expect(await outcome('psql', args('by psql', 3))).toMatch(/WD001.*older than the current token 4/);
    expect(await database.balance('by psql')).toBe(95);
  });

  it('sends statements that are good wherever they come from', async () => {
    await database.lease("o'brien", 4);
    const text = await readFile(fileOf('psql/write-account.sql'), 'utf8');
    const statements = (token: number): string =>
      text
        .replace(/^(--|\\).*$/gm, '')
        .replaceAll(":'profile'", `'o''brien'`)
        .replaceAll(":'token'", `'${token}'`)
        .replaceAll(":'amount'", `'-5'`);
    await database.owner.query(statements(4));
    await expect(database.owner.query(statements(3))).rejects.toMatchObject({ code: 'WD001' });
    await database.owner.query('rollback');
    expect(await database.balance("o'brien")).toBe(95);
  });

  it('is shown in the README of the fence as it is here', async () => {
    expect(await readmeOfFence()).toContain(await readFile(fileOf('psql/write-account.sql'), 'utf8'));
  });
});

/** A Python that has what requirements.txt names, made once; else why there is none. */
async function python(): Promise<{ program: string } | { missing: string }> {
  const requirements = fileOf('python/requirements.txt');
  const key = createHash('sha256')
    .update(await readFile(requirements))
    .digest('hex')
    .slice(0, 12);
  const home = join(CACHE, `python-${key}`);
  const program = join(home, 'bin', 'python');
  const isMade = join(home, 'made');
  if (existsSync(isMade)) return { program };
  try {
    await run('python3', ['-m', 'venv', '--clear', home]);
    await run(program, [
      '-m',
      'pip',
      'install',
      '--quiet',
      '--disable-pip-version-check',
      '-r',
      requirements,
    ]);
    await run(program, ['-c', `import psycopg; open(${JSON.stringify(isMade)}, 'w').close()`]);
    return { program };
  } catch (error) {
    const said = (error as { stderr?: string }).stderr?.trim().split('\n').at(-1) ?? String(error);
    return { missing: `no Python with psycopg: ${said}` };
  }
}

describe('Python', () => {
  it('writes under the current token only', { timeout: INSTALL_MS_MAX }, async (context) => {
    const found = await python();
    if ('missing' in found) return context.skip(found.missing);
    const args = (token: number): string[] => [
      fileOf('python/write_account.py'),
      'by python',
      `${token}`,
      '-5',
    ];
    await database.lease('by python', 4);
    expect(await outcome(found.program, args(4))).toBe('done');
    expect(await outcome(found.program, args(3))).toMatch(/^WD001: .*older than the current token 4/);
    expect(await database.balance('by python')).toBe(95);
  });

  it('is shown in the README of the fence as it is here', async () => {
    expect(await readmeOfFence()).toContain(await readFile(fileOf('python/write_account.py'), 'utf8'));
  });
});
