import { spawn, spawnSync } from 'node:child_process';
import { linesOf, type Operation } from './operation.fixture.ts';

export interface Summary {
  readonly profiles: number;
  readonly operations: Readonly<Record<string, number>>;
  readonly illegal: readonly string[];
  readonly undecided: readonly string[];
}

export interface Judgement {
  readonly summary: Summary;
  /** What the checker tells, its story of an illegal history included. */
  readonly told: string;
}

/** The first call may fetch the checker's one library and compile it. */
const CHECK_MS_MAX = 240_000;

/** As `go.mod` has it. */
const GO_MINOR_MIN = 21;

/** Why the checker cannot run here; null: it can. */
export const whyNoChecker = (): string | null => {
  const { error, stdout } = spawnSync('go', ['version'], { encoding: 'utf8' });
  const found = error === undefined ? stdout.trim() : 'no go on PATH';
  const [, major = '0', minor = '0'] = /go(\d+)\.(\d+)/.exec(found) ?? [];
  if (Number(major) > 1 || (major === '1' && Number(minor) >= GO_MINOR_MIN)) return null;
  return `the checker needs Go 1.${GO_MINOR_MIN} or newer: ${found}`;
};

/** Hands a history to the checker in Go and returns what it has to say. Rejects where it could not judge at all. */
export const judged = async (history: readonly Operation[]): Promise<Judgement> => {
  const child = spawn('go', ['run', '.'], {
    cwd: import.meta.dirname,
    stdio: ['pipe', 'pipe', 'pipe'],
    timeout: CHECK_MS_MAX,
  });
  let [told, complained] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (told += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (complained += text));
  const ended = new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', () => resolve());
  });
  child.stdin.on('error', () => undefined);
  child.stdin.end(linesOf(history));
  await ended;
  const last = told.trimEnd().split('\n').at(-1) ?? '';
  if (!last.startsWith('{')) throw new Error(`the checker gave no summary: ${complained || told}`);
  return { summary: JSON.parse(last) as Summary, told };
};
