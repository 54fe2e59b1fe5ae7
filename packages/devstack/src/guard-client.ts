import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { within } from './deadline.ts';
import { DevstackError } from './error.ts';
import type { Exit, FromGuard, ProcessSpec, ToGuard } from './guard-protocol.ts';

const END_BOUND_MS = 75_000;

export type GuardedProcess = {
  pid: number;
  exited: Promise<Exit>;
  /** Set once it has ended. */
  readonly exit: Exit | undefined;
  /** Resolves when the signal has been sent. Also when there is nothing left to send it to. */
  signal(signal: NodeJS.Signals): Promise<void>;
};

type Waiting = { resolve(process: GuardedProcess): void; reject(error: Error): void };
type Watched = { exit: Exit | undefined; ended(exit: Exit): void };

/**
 * The owner's side of the guard. An idle guard does not keep the owner alive: an owner that simply runs to its
 * end ends its parts with it.
 */
export class Guard {
  readonly #child: ChildProcess;
  readonly #gone: Promise<void>;
  readonly #waiting = new Map<number, Waiting>();
  readonly #signalling = new Map<number, () => void>();
  readonly #watched = new Map<number, Watched>();
  #nextId = 1;
  #isGone = false;

  constructor() {
    this.#child = fork(fileURLToPath(new URL('./guard.ts', import.meta.url)), [], {
      detached: true,
      execArgv: [],
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    this.#gone = new Promise((resolve) => {
      this.#child.once('exit', () => {
        this.#onGone();
        resolve();
      });
    });
    this.#child.on('error', () => this.#onGone());
    this.#child.on('message', (message) => this.#onMessage(message as FromGuard));
    this.#letOwnerEnd();
  }

  run(spec: ProcessSpec): Promise<GuardedProcess> {
    return new Promise((resolve, reject) => {
      if (this.#isGone) {
        reject(new Error('The guard of this stack has ended.'));
        return;
      }
      const id = this.#nextId++;
      this.#waiting.set(id, { resolve, reject });
      this.#keepOwner();
      this.#tell({ do: 'spawn', id, spec });
    });
  }

  /** Deletes the folder at the end, however the end comes. */
  removeAtEnd(path: string): void {
    this.#tell({ do: 'remove', path });
  }

  /** Runs the command at the end, however the end comes. */
  runAtEnd(command: string, args: string[]): void {
    this.#tell({ do: 'finally', command, args });
  }

  forgetCommands(): void {
    this.#tell({ do: 'forget-finally' });
  }

  /** Ends whatever still runs. */
  async end(): Promise<void> {
    if (this.#isGone) return;
    this.#child.ref();
    this.#tell({ do: 'end' });
    await within(this.#gone, END_BOUND_MS);
  }

  #tell(message: ToGuard): void {
    if (this.#child.connected) this.#child.send(message, () => undefined);
  }

  #onMessage(message: FromGuard): void {
    switch (message.say) {
      case 'spawned':
        this.#settle(message.id)?.resolve(this.#watch(message.pid));
        return;
      case 'refused':
        this.#settle(message.id)?.reject(new DevstackError('part-died', message.reason));
        return;
      case 'signalled':
        this.#signalling.get(message.id)?.();
        this.#signalling.delete(message.id);
        this.#letOwnerEnd();
        return;
      case 'exited':
        this.#watched.get(message.pid)?.ended(message.exit);
        this.#watched.delete(message.pid);
    }
  }

  #settle(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    this.#letOwnerEnd();
    return waiting;
  }

  #watch(pid: number): GuardedProcess {
    const watched: Watched = { exit: undefined, ended: () => undefined };
    const exited = new Promise<Exit>((resolve) => {
      watched.ended = (exit) => {
        watched.exit = exit;
        resolve(exit);
      };
    });
    this.#watched.set(pid, watched);
    return {
      pid,
      exited,
      get exit() {
        return watched.exit;
      },
      signal: (signal) => this.#signal(pid, signal),
    };
  }

  #signal(pid: number, signal: NodeJS.Signals): Promise<void> {
    return new Promise((resolve) => {
      if (this.#isGone) {
        resolve();
        return;
      }
      const id = this.#nextId++;
      this.#signalling.set(id, resolve);
      this.#keepOwner();
      this.#tell({ do: 'signal', id, pid, signal });
    });
  }

  #keepOwner(): void {
    this.#child.ref();
    this.#child.channel?.ref();
  }

  #letOwnerEnd(): void {
    if (this.#waiting.size + this.#signalling.size > 0) return;
    this.#child.unref();
    this.#child.channel?.unref();
  }

  /** A guard that was killed leaves its parts to us. */
  #onGone(): void {
    this.#isGone = true;
    for (const [pid, watched] of this.#watched) {
      try {
        process.kill(-pid, 'SIGKILL');
      } catch {
        // It has ended as well.
      }
      watched.ended({ code: null, signal: 'SIGKILL' });
    }
    this.#watched.clear();
    for (const waiting of this.#waiting.values())
      waiting.reject(new Error('The guard of this stack has ended.'));
    this.#waiting.clear();
    for (const resolve of this.#signalling.values()) resolve();
    this.#signalling.clear();
  }
}
