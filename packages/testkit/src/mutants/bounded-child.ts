import { spawn } from 'node:child_process';

export interface ChildOptions {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** Ms after which it is ended. */
  readonly msMax: number;
  readonly signal: AbortSignal;
}

export interface ChildEnd {
  readonly code: number | null;
  readonly isLate: boolean;
  /** The end of what it has written, to both outputs. */
  readonly output: string;
}

const OUTPUT_MAX = 64 * 1024;
/** What it has started may need a while to take down. */
const GRACE_MS = 10_000;

/**
 * Runs this Node in a process group of its own, so that whatever it has started ends with it: at its bound, by the
 * signal, and after a normal end too.
 */
export const runBounded = (words: readonly string[], options: ChildOptions): Promise<ChildEnd> => {
  const { cwd, env, msMax, signal } = options;
  const child = spawn(process.execPath, words, {
    cwd,
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const keep = (chunk: Buffer): void => {
    output = (output + chunk.toString()).slice(-OUTPUT_MAX);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const kill = (how: NodeJS.Signals): void => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, how);
    } catch {
      // Nobody of the group is left.
    }
  };
  let isLate = false;
  let grace: NodeJS.Timeout | undefined;
  const end = (): void => {
    kill('SIGTERM');
    grace = setTimeout(() => kill('SIGKILL'), GRACE_MS);
  };
  const bound = setTimeout(() => {
    isLate = true;
    end();
  }, msMax);
  signal.addEventListener('abort', end, { once: true });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => {
      clearTimeout(bound);
      clearTimeout(grace);
      signal.removeEventListener('abort', end);
      kill('SIGKILL');
      resolve({ code, isLate, output });
    });
  });
};
