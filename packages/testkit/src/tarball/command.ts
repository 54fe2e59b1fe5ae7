import { execFile } from 'node:child_process';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);

export const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));
export const MODULES = join(ROOT, 'node_modules');
/** The pinned Node and the commands of the workspace come first. */
const PATH = [dirname(process.execPath), join(MODULES, '.bin'), process.env['PATH'] ?? ''].join(delimiter);
const OUTPUT_BYTES_MAX = 16 * 2 ** 20;

/** Resolves with what it printed; rejects with what it said, which npm and tsc say on either stream. */
export async function command(
  cwd: string,
  name: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  try {
    const options = { cwd, env: { ...process.env, ...env, PATH }, maxBuffer: OUTPUT_BYTES_MAX };
    return (await run(name, args, options)).stdout;
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    throw new Error(`${name} ${args.join(' ')} failed:\n${stdout}\n${stderr}`, { cause: error });
  }
}
