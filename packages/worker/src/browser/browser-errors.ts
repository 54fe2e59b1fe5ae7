import { WorkerError } from '../errors.ts';
import type { Occupant } from './profile-sight.ts';

/**
 * The directory is in use by somebody else, or may be: no browser was started, and no lock was touched. `profile-in-use`.
 */
export class ProfileInUseError extends WorkerError {
  readonly directory: string;
  /** Who uses it; null where only a lock says so and names nobody. */
  readonly pid: number | null;
  /** Host of that process; null where it is not known. */
  readonly host: string | null;
  /** By what it was recognised. */
  readonly how: string;
  /** What the caller can do, in words. */
  readonly nextAction: string;

  constructor(directory: string, { pid, host, how }: Occupant, hostName: string) {
    const nextAction =
      pid !== null && host === hostName
        ? `see which lease started pid ${pid}, let it end in order, and call again`
        : 'make sure that no browser has it open there, and only then remove that lock by hand';
    const where = `pid ${pid ?? 'unknown'} on host ${host ?? 'unknown'}`;
    super('profile-in-use', `${directory} is in use by ${where}: ${how}; ${nextAction}`);
    this.name = 'ProfileInUseError';
    this.directory = directory;
    this.pid = pid;
    this.host = host;
    this.how = how;
    this.nextAction = nextAction;
  }
}
