import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What a worker says of itself when it asks for a lease. */
export interface WorkerIdentity {
  readonly bootId: string;
  readonly pid: number;
  readonly processStart: number;
  readonly pidNamespace: string;
}

export interface TestWorker {
  readonly child: ChildProcess;
  readonly identity: WorkerIdentity;
}

export async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const end = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await end;
}

/** First line or words that a process prints. */
async function firstWords(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    child.stdout?.once('data', (data) => resolve(String(data)));
    child.once('exit', () => reject(new Error('the process ended early')));
  });
}

export async function startWorker(): Promise<TestWorker> {
  const program = join(import.meta.dirname, 'worker-process.fixture.ts');
  const child = spawn(process.execPath, [program], { stdio: ['ignore', 'pipe', 'inherit'] });
  return { child, identity: JSON.parse(await firstWords(child)) as WorkerIdentity };
}

/** A worker that has ended and was waited for: nothing has its pid. */
export async function goneWorker(): Promise<WorkerIdentity> {
  const { child, identity } = await startWorker();
  await ended(child);
  return identity;
}

/**
 * Perl calls the kernel directly: clone3 with a wish for the pid, which needs rights. The child waits; its parent
 * waits for it. It lives for so many seconds.
 */
const STRANGER = `
  $| = 1;
  my $pid = pack 'i', $ARGV[0];
  my $wish = pack 'Q10', 0, 0, 0, 0, 17, 0, 0, 0, unpack('Q', pack('P', $pid)), 1;
  my $child = syscall 435, $wish, length $wish;
  die $! if $child < 0;
  if ($child == 0) { sleep $ARGV[1]; exit }
  print 'ready';
  $SIG{TERM} = sub { kill 'KILL', $child; exit };
  waitpid $child, 0`;

/** Gives a free pid to a process that has nothing to do with anything. */
export async function giveAway(pid: number): Promise<AsyncDisposable> {
  const child = spawn('perl', ['-e', STRANGER, String(pid), '120'], { stdio: ['ignore', 'pipe', 'inherit'] });
  await firstWords(child);
  return {
    [Symbol.asyncDispose]: async () => {
      const end = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      await end;
    },
  };
}

/** A pid is chosen for a process that ends at once. */
export const mayChoosePids: boolean = (() => {
  const free = Number(readFileSync('/proc/sys/kernel/pid_max', 'utf8')) - 1;
  const { stdout } = spawnSync('perl', ['-e', STRANGER, String(free), '0'], { encoding: 'utf8' });
  return stdout === 'ready';
})();
