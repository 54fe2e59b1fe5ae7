import type { Folded } from '@profile-warden/domain';
import type { LogRecord } from '@profile-warden/events';

/** One thing that happened, at a time of the run. */
export type Happening =
  | { readonly atMs: number; readonly record: LogRecord; readonly folded: Folded }
  | { readonly atMs: number; readonly fault: string; readonly name: string; readonly whom: string }
  | { readonly atMs: number; readonly who: string; readonly what: string; readonly profileId: string };

/** What happened in one run, in order: the material of a story. A run is bounded in time, and so is this. */
export class Chronicle {
  readonly happenings: Happening[] = [];

  get faultNames(): readonly string[] {
    return this.happenings.flatMap((one) => ('fault' in one ? [one.name] : []));
  }
}
