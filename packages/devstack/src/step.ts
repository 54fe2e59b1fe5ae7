import { within } from './deadline.ts';
import type { Guard } from './guard-client.ts';
import type { ProcessSpec } from './guard-protocol.ts';
import { logTail } from './part.ts';

export type StepResult = {
  isDone: boolean;
  /** In words, for a message. */
  outcome: string;
  logTail: string;
};

/** Runs a program that ends by itself, under the guard: it does not outlive its owner either. */
export async function runStep(guard: Guard, spec: ProcessSpec, boundMs: number): Promise<StepResult> {
  const running = await guard.run(spec);
  const exit = await within(running.exited, boundMs);
  if (exit === undefined) await running.signal('SIGKILL');
  return {
    isDone: exit?.code === 0,
    outcome:
      exit === undefined
        ? `took longer than ${boundMs} ms`
        : `ended with ${exit.code ?? exit.signal ?? 'nothing'}`,
    logTail: await logTail(spec.logFile),
  };
}
