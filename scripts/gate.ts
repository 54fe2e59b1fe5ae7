import { spawn } from 'node:child_process';

/** One check of the house: a program of ours or of a tool, run on this very Node. */
export interface Gate {
  readonly name: string;
  /** Arguments for node, the program first. */
  readonly args: readonly string[];
  readonly limitMs: number;
}

export interface GateResult {
  readonly name: string;
  readonly passed: boolean;
  readonly tookMs: number;
  readonly output: string;
}

/** Runs one gate in a process group of its own, so that one that hangs ends with all it started. */
export function runGate({ name, args, limitMs }: Gate, cwd: string): Promise<GateResult> {
  const startMs = performance.now();
  const { promise, resolve } = Promise.withResolvers<GateResult>();
  const child = spawn(process.execPath, args, { cwd, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  const group = -(child.pid ?? 0);
  running.add(group);
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk));
  const finish = (passed: boolean, note = ''): void => {
    clearTimeout(limit);
    running.delete(group);
    const output = Buffer.concat(chunks).toString().trimEnd() + note;
    resolve({ name, passed, tookMs: performance.now() - startMs, output });
  };
  const limit = setTimeout(() => {
    kill(group);
    finish(false, `\nstopped after ${limitMs} ms`);
  }, limitMs);
  child.on('error', (error) => {
    finish(false, error.message);
  });
  child.on('close', (code) => {
    finish(code === 0);
  });
  return promise;
}

/** Runs the gates in their order, at most `width` at a time, and reports each as it ends. */
export async function runGates(
  gates: readonly Gate[],
  { cwd, width, onEnd }: { cwd: string; width: number; onEnd: (result: GateResult) => void },
): Promise<GateResult[]> {
  const waiting = [...gates];
  const results: GateResult[] = [];
  const lane = async (): Promise<void> => {
    for (let gate = waiting.shift(); gate !== undefined; gate = waiting.shift()) {
      const result = await runGate(gate, cwd);
      onEnd(result);
      results.push(result);
    }
  };
  await Promise.all(Array.from({ length: width }, lane));
  return results;
}

/** Process groups of gates that run now; 0 is never among them. */
const running = new Set<number>();

/** A gate leads its own group, so Ctrl-C does not reach it: whoever stops us stops it too. */
export function stopGatesWithUs(): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.once(signal, () => {
      for (const group of running) kill(group);
      process.exit(1);
    });
}

function kill(group: number): void {
  if (group >= 0) return;
  try {
    process.kill(group, 'SIGKILL');
  } catch {
    // It has ended in between.
  }
}
