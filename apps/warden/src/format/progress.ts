import type { Io } from '../io.ts';

export interface Progress {
  /** What is being done, such as `partition 2 of 6`. */
  at(what: string, done: number): void;
  end(): void;
}

const BAR_WIDTH = 24;
const REDRAW_EVERY_MS = 100;
const LINE_EVERY_MS = 5_000;

/** How far a command is: a bar that is drawn over where a person watches, a line now and then where a file does. */
export const progressOf = (io: Io, total: number, unit: string, now: () => number): Progress => {
  const startedAt = now();
  let toldAt = startedAt;
  const { redraw } = io;
  const text = (what: string, done: number): string => {
    const share = total === 0 ? 1 : Math.min(1, done / total);
    const counts = `${Math.floor(share * 100)} %  ${what}  ${grouped(done)} of ${grouped(total)} ${unit}`;
    const leftMs = share === 0 ? null : ((now() - startedAt) * (1 - share)) / share;
    return leftMs === null || leftMs < 1_000 ? counts : `${counts}, ${Math.round(leftMs / 1_000)} s left`;
  };
  return {
    at: (what, done) => {
      if (now() - toldAt < (redraw === undefined ? LINE_EVERY_MS : REDRAW_EVERY_MS)) return;
      toldAt = now();
      if (redraw === undefined) io.err(text(what, done));
      else redraw(`${barOf(total === 0 ? 1 : done / total)} ${text(what, done)}`);
    },
    end: () => redraw?.(''),
  };
};

const barOf = (share: number): string => {
  const filled = Math.min(BAR_WIDTH, Math.floor(share * BAR_WIDTH));
  return `[${'#'.repeat(filled)}${'.'.repeat(BAR_WIDTH - filled)}]`;
};

const grouped = (count: number): string => count.toLocaleString('en-US');
