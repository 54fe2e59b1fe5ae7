import { describe, expect, it } from 'vitest';
import { AwakeMark } from './awake-mark.ts';

const marks = (): { here: AwakeMark; there: AwakeMark } => {
  const memory = AwakeMark.memory();
  return { here: new AwakeMark(memory), there: new AwakeMark(memory) };
};

describe('the mark of a thread that is awake', () => {
  it('tells another thread how long it is overdue, and goes on growing', () => {
    const { here, there } = marks();
    here.mark(10_000.4);
    expect([10_250, 10_251, 50_250].map((now) => there.lagMs(now, 250))).toEqual([0, 1, 40_000]);
    here.mark(50_300);
    expect(there.lagMs(50_400, 250)).toBe(0);
  });

  it('says nothing before the first one', () => {
    expect(marks().there.lagMs(1_000_000, 250)).toBe(0);
  });
});
