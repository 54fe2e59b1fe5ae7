import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { DevstackError, diskFull, messageOf, saysDiskFull } from './error.ts';

const QUICK_BOUND_MS = 15_000;
const OUTPUT_BYTE_COUNT = 16 * 1_048_576;

export type DockerRun = { env?: NodeJS.ProcessEnv; boundMs?: number };

/** Runs the docker command and answers its standard output. */
export async function docker(args: readonly string[], run: DockerRun = {}): Promise<string> {
  const { env = process.env, boundMs = QUICK_BOUND_MS } = run;
  const { stdout } = await promisify(execFile)('docker', args, {
    env,
    timeout: boundMs,
    maxBuffer: OUTPUT_BYTE_COUNT,
  });
  return stdout.trim();
}

/** Whether an engine with the compose plugin answers. */
export async function dockerAnswers(env: NodeJS.ProcessEnv = process.env): Promise<boolean> {
  return requireDocker(env).then(
    () => true,
    () => false,
  );
}

export async function requireDocker(env: NodeJS.ProcessEnv = process.env): Promise<void> {
  const questions = [
    { args: ['version', '--format', '{{.Server.Version}}'], what: 'No Docker engine answers' },
    { args: ['compose', 'version', '--short'], what: 'Docker has no compose plugin (v2)' },
  ];
  for (const { args, what } of questions) {
    try {
      await docker(args, { env });
    } catch (error) {
      throw new DevstackError(
        'docker-missing',
        `${what}: docker ${args.join(' ')} failed. Install and start Docker (with compose v2), or run the parts ` +
          `embedded: --stack embedded.\n${lastLine(messageOf(error))}`,
        { cause: error },
      );
    }
  }
}

function lastLine(text: string): string {
  return text.trimEnd().split('\n').at(-1) ?? '';
}

/** What compose's own words mean. */
export function composeError(output: string, dataDir: string): DevstackError {
  if (saysDiskFull(output)) return diskFull(`${dataDir} or in Docker's own storage`);
  if (/port is already allocated|address already in use/i.test(output)) {
    return new DevstackError(
      'port-taken',
      `Docker could not publish a port. Stop what listens there, or choose another one.\n${output}`,
    );
  }
  if (
    /pull access denied|manifest unknown|failed to resolve|Client\.Timeout|no such host|registry-1\.docker/i.test(
      output,
    )
  ) {
    return new DevstackError(
      'download-failed',
      `Docker could not pull an image. Check the network, or run the parts embedded: --stack embedded.\n${output}`,
    );
  }
  return new DevstackError('part-died', `docker compose could not start the parts. It said:\n${output}`);
}
