import { describe, expect, it } from 'vitest';
import { progressOf } from './progress.ts';

interface Told {
  readonly lines: string[];
  readonly drawn: string[];
}

function told(
  isTerminal: boolean,
  play: (at: (ms: number, done: number) => void, end: () => void) => void,
): Told {
  const lines: string[] = [];
  const drawn: string[] = [];
  let nowMs = 0;
  const io = {
    env: {},
    out: () => undefined,
    err: (line: string) => void lines.push(line),
    ...(isTerminal && { redraw: (line: string) => void drawn.push(line) }),
  };
  const progress = progressOf(io, 10_000, 'records', () => nowMs);
  play(
    (ms, done) => {
      nowMs = ms;
      progress.at('partition 1 of 2', done);
    },
    () => progress.end(),
  );
  return { lines, drawn };
}

describe('the progress of a command', () => {
  it('is a bar drawn over where a person watches, and gone at the end', () => {
    const { lines, drawn } = told(true, (at, end) => {
      at(50, 1);
      at(10_000, 2_500);
      at(10_050, 2_600);
      end();
    });
    expect(lines).toEqual([]);
    expect(drawn).toEqual([
      '[######..................] 25 %  partition 1 of 2  2,500 of 10,000 records, 30 s left',
      '',
    ]);
  });

  it('is a line now and then elsewhere', () => {
    const { lines } = told(false, (at, end) => {
      for (let ms = 0; ms <= 10_000; ms += 100) at(ms, ms);
      end();
    });
    expect(lines).toEqual([
      '50 %  partition 1 of 2  5,000 of 10,000 records, 5 s left',
      '100 %  partition 1 of 2  10,000 of 10,000 records',
    ]);
  });
});
