import { open, stat } from 'node:fs/promises';
import type { DevstackError } from './error.ts';
import type { Guard } from './guard-client.ts';
import type { ProcessSpec } from './guard-protocol.ts';
import { Part } from './part.ts';

const PROBE_BOUND_MS = 2_000;
const LOG_BYTE_COUNT = 1_048_576;

export type ServiceHandle<Name extends string = string> = {
  readonly name: Name;
  readonly pid: number;
  readonly logFile: string;
  /** Of its HTTP server on 127.0.0.1. */
  port(): Promise<number>;
  /** SIGKILL, SIGTERM and SIGINT are waited for; others (SIGSTOP, SIGCONT) are only sent. */
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** Ends it if it runs, starts it again and waits until it is ready. */
  restart(): Promise<void>;
  stop(): Promise<void>;
};

const ENDING_SIGNALS: ReadonlySet<NodeJS.Signals> = new Set(['SIGKILL', 'SIGTERM', 'SIGINT']);

type ServiceContext = {
  port: number;
  guard: Guard;
  readyBoundMs: number;
  onDied: (error: DevstackError) => void;
};

export class Service<Name extends string> implements ServiceHandle<Name> {
  readonly name: Name;
  readonly #part: Part;
  readonly #log: ListeningLog;

  constructor(name: Name, spec: ProcessSpec, context: ServiceContext) {
    this.name = name;
    this.#log = new ListeningLog(spec.logFile);
    const plan = {
      name,
      port: context.port,
      process: spec,
      prepare: () => this.#log.skipPast(),
      isReady: () => this.#isReady(),
      readyBoundMs: context.readyBoundMs,
    };
    this.#part = new Part(plan, context.guard, context.onDied);
  }

  get pid(): number {
    return this.#part.pid;
  }

  get logFile(): string {
    return this.#part.plan.process.logFile;
  }

  start(): Promise<void> {
    return this.#part.start();
  }

  async port(): Promise<number> {
    return (await this.#log.port()) ?? this.#part.plan.port;
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    if (ENDING_SIGNALS.has(signal)) await this.#part.kill(signal);
    else await this.#part.signal(signal);
  }

  async restart(): Promise<void> {
    await this.#part.stop();
    await this.#part.start();
  }

  stop(): Promise<void> {
    return this.#part.stop();
  }

  async #isReady(): Promise<boolean> {
    const port = await this.#log.port();
    if (port === undefined) return false;
    try {
      const signal = AbortSignal.timeout(PROBE_BOUND_MS);
      const answer = await fetch(`http://127.0.0.1:${port}/readyz`, { signal });
      await answer.arrayBuffer();
      return answer.ok;
    } catch {
      return false;
    }
  }
}

/** Finds the port in the line that a service logs once it listens, of its present run only. */
class ListeningLog {
  readonly #file: string;
  #start: number | undefined;
  #port: number | undefined;

  constructor(file: string) {
    this.#file = file;
  }

  async skipPast(): Promise<void> {
    this.#port = undefined;
    // The first run begins an empty log; the ones after it append.
    this.#start =
      this.#start === undefined
        ? 0
        : await stat(this.#file).then(
            (found) => found.size,
            () => 0,
          );
  }

  async port(): Promise<number | undefined> {
    return (this.#port ??= await this.#read());
  }

  async #read(): Promise<number | undefined> {
    const log = await open(this.#file, 'r').catch(() => undefined);
    if (log === undefined) return undefined;
    try {
      const { buffer, bytesRead } = await log.read(
        Buffer.alloc(LOG_BYTE_COUNT),
        0,
        LOG_BYTE_COUNT,
        this.#start ?? 0,
      );
      const lines = buffer.toString('utf8', 0, bytesRead).split('\n');
      const port = lines.map(listeningPort).find((found) => found !== undefined);
      return port;
    } finally {
      await log.close();
    }
  }
}

function listeningPort(line: string): number | undefined {
  if (!line.includes('listening')) return undefined;
  try {
    const { msg, port } = JSON.parse(line) as { msg?: unknown; port?: unknown };
    return msg === 'listening' && typeof port === 'number' ? port : undefined;
  } catch {
    // Half a line, or a warning of Node's own.
    return undefined;
  }
}
