import { VirtualClock } from '@profile-warden/testkit/memory';
import { describe, expect, it } from 'vitest';
import { LogGoals } from './log-goals.ts';

interface Question {
  readonly partition: number;
  readonly signal: AbortSignal;
  readonly answer: (end: number) => void;
  readonly refuse: () => void;
}

function goalsOn(clock: VirtualClock): { goals: LogGoals; questions: Question[]; known: number } {
  const questions: Question[] = [];
  const seen = {
    questions,
    known: 0,
    goals: new LogGoals(
      (partition, signal) =>
        new Promise((resolve, reject) => {
          questions.push({ partition, signal, answer: resolve, refuse: () => reject(new Error('away')) });
        }),
      clock,
      () => void (seen.known += 1),
    ),
  };
  return seen;
}

describe('the end of the log that a target has to reach', () => {
  it('is asked once, and known once it is answered', async () => {
    const clock = new VirtualClock();
    const seen = goalsOn(clock);
    seen.goals.seek(2);
    seen.goals.seek(2);
    expect(seen.questions).toHaveLength(1);
    expect(seen.goals.of(2)).toBeNull();
    seen.questions[0]?.answer(70);
    await clock.advance(0);
    expect(seen.goals.of(2)).toBe(70);
    expect(seen.known).toBe(1);
    seen.goals.seek(2);
    expect(seen.questions).toHaveLength(1);
  });

  it('is asked again where the broker refuses, or says nothing in time', async () => {
    const clock = new VirtualClock();
    const { goals, questions } = goalsOn(clock);
    goals.seek(0);
    questions[0]?.refuse();
    await clock.advance(1);
    goals.seek(0);
    await clock.advance(3_001);
    expect(questions[1]?.signal.aborted).toBe(true);
    goals.seek(0);
    questions[2]?.answer(5);
    await clock.advance(0);
    expect(goals.of(0)).toBe(5);
    expect(questions.map(({ partition }) => partition)).toEqual([0, 0, 0]);
  });

  it('is not what was asked before it was forgotten', async () => {
    const clock = new VirtualClock();
    const { goals, questions } = goalsOn(clock);
    goals.seek(0);
    goals.forget(0);
    expect(questions[0]?.signal.aborted).toBe(true);
    questions[0]?.answer(5);
    await clock.advance(0);
    expect(goals.of(0)).toBeNull();
    goals.seek(0);
    questions[1]?.answer(9);
    await clock.advance(0);
    expect(goals.of(0)).toBe(9);
  });
});
