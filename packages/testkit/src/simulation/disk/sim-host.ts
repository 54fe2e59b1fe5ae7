import type { VirtualClock } from '../../memory/index.ts';

/** Whatever has a pid. */
export interface Running {
  readonly isAlive: boolean;
  /** With the machine everything on it is gone. */
  kill(): void;
}

interface Entry {
  readonly running: Running;
  readonly start: number;
}

/** Few pids, so that they soon come again. */
const FIRST_PID = 100;
const PIDS = 24;
const TICKS_PER_MS = 0.1;

/** One machine: its boot and its process table. A pid whose process is gone is given to the next one. */
export class SimHost {
  readonly hostId: string;
  readonly #clock: VirtualClock;
  readonly #table = new Map<number, Entry>();
  #boots = 1;
  #bootedAtMs = 0;
  #nextPid = 0;
  /** A look takes as long as it may, and sees nothing of the disk. */
  isDiskSlow = false;

  constructor(hostId: string, clock: VirtualClock) {
    this.hostId = hostId;
    this.#clock = clock;
  }

  get bootId(): string {
    return `boot-${this.hostId}-${this.#boots}`;
  }

  spawn(running: Running): { readonly pid: number; readonly processStart: number } {
    let pid = FIRST_PID;
    for (let tries = 0; tries < PIDS; tries += 1) {
      pid = FIRST_PID + (this.#nextPid % PIDS);
      this.#nextPid += 1;
      if (this.#table.get(pid)?.running.isAlive !== true) break;
    }
    const processStart = 1 + Math.floor((this.#clock.now() - this.#bootedAtMs) * TICKS_PER_MS);
    this.#table.set(pid, { running, start: processStart });
    return { pid, processStart };
  }

  /** Whether the process that began then still has the pid. */
  lives(pid: number, processStart: number): boolean {
    const entry = this.#table.get(pid);
    return entry?.running.isAlive === true && entry.start === processStart;
  }

  /** Whether any process has it. */
  has(pid: number): boolean {
    return this.#table.get(pid)?.running.isAlive === true;
  }

  reboot(): void {
    for (const { running } of this.#table.values()) if (running.isAlive) running.kill();
    this.#table.clear();
    this.#boots += 1;
    this.#bootedAtMs = this.#clock.now();
  }
}
