import type { EventOf, StepKind } from '@profile-warden/events';
import { MAX_CHECKPOINTS, MAX_DONE_STEPS, MAX_OPEN_STEPS } from './bounds.ts';
import type { History, HistoryCheckpoint, OpenStep } from './state.ts';

/** Kinds that stay open until their outcome is known. A kind we do not know is taken for the worst. */
export const staysOpen = (kind: StepKind): boolean =>
  kind === 'side-effect' || kind === 'sensitive' || kind === 'UNKNOWN';

export const isSensitive = (kind: StepKind): boolean => kind === 'sensitive' || kind === 'UNKNOWN';

/** Whether doing the step twice harms nothing, or nothing happened that could be doubled. */
const isHarmless = (kind: StepKind, repeatable: boolean): boolean =>
  repeatable || kind === 'read' || kind === 'reversible';

export const openStepOf = (step: EventOf<'StepStarted'>, offset: number): OpenStep => ({
  token: step.token,
  stepId: step.stepId,
  name: step.name,
  kind: step.kind,
  repeatable: step.repeatable,
  final: step.final,
  offset,
});

/**
 * Adds an open step; one more than the bound is remembered as a sensitive one, which is the safe reading. An id that is
 * used again for something worse counts as the worse.
 */
export const withOpenStep = (history: History, step: OpenStep): History => {
  const { openSteps } = history;
  const known = openSteps.find((open) => open.token === step.token && open.stepId === step.stepId);
  if (known === undefined)
    return openSteps.length >= MAX_OPEN_STEPS
      ? { ...history, openOverflow: true }
      : { ...history, openSteps: [...openSteps, step] };
  const isWorse =
    (isSensitive(step.kind) && !isSensitive(known.kind)) || (known.repeatable && !step.repeatable);
  if (!isWorse) return history;
  const kind = isSensitive(known.kind) ? known.kind : step.kind;
  const worse = { ...step, kind, repeatable: known.repeatable && step.repeatable };
  return { ...history, openSteps: openSteps.map((open) => (open === known ? worse : open)) };
};

export const stepStarted = (
  history: History,
  step: EventOf<'StepStarted'>,
  at: { offset: number; logMs: number },
): History => {
  const { stepId, name, kind, url, proxyId } = step;
  const next: History = {
    ...history,
    anyStep: true,
    lastStep: { stepId, name, kind, url, proxyId, offset: at.offset, logMs: at.logMs },
    screenshot: step.screenshot ?? history.screenshot,
  };
  if (staysOpen(kind)) return withOpenStep(next, openStepOf(step, at.offset));
  const inFlight = [...next.inFlight.slice(-(MAX_OPEN_STEPS - 1)), openStepOf(step, at.offset)];
  return isHarmless(kind, step.repeatable)
    ? { ...next, inFlight }
    : { ...next, inFlight, unsafeOffset: at.offset };
};

export const stepCompleted = (
  history: History,
  step: EventOf<'StepCompleted'>,
  at: { offset: number; logMs: number },
): History => {
  const id = `${step.token}:${step.stepId}`;
  if (history.completed.includes(id)) return history;
  let next: History = { ...history, screenshot: step.screenshot ?? history.screenshot };
  // An unknown outcome leaves the step where it is: open.
  if (step.outcome !== 'ok' && step.outcome !== 'not-applied') return next;
  const same = (one: OpenStep): boolean => one.token === step.token && one.stepId === step.stepId;
  const started = next.openSteps.find(same) ?? next.inFlight.find(same);
  next = {
    ...next,
    openSteps: next.openSteps.filter((one) => !same(one)),
    inFlight: next.inFlight.filter((one) => !same(one)),
    completed: [...next.completed.slice(-(MAX_DONE_STEPS - 1)), id],
  };
  if (step.outcome === 'not-applied') return next;
  // A step whose start is not known could have been anything.
  if (started === undefined || !isHarmless(started.kind, started.repeatable))
    next = { ...next, unsafeOffset: at.offset };
  if (started !== undefined) {
    const { stepId, name, kind, repeatable } = started;
    next = withDoneStep(next, { stepId, name, kind, repeatable, offset: at.offset });
    if (started.final) next = { ...next, finalDone: true };
  }
  return step.checkpoint === null
    ? next
    : withCheckpoint(next, {
        name: step.checkpoint.name,
        stored: step.checkpoint.stored,
        // Named one by one: `at` carries the whole partition.
        offset: at.offset,
        logMs: at.logMs,
        inherited: false,
      });
};

const withDoneStep = (history: History, step: History['done'][number]): History => {
  const done = [...history.done, step];
  const dropped = done.length > MAX_DONE_STEPS ? done.shift() : undefined;
  // A checkpoint whose later steps are no longer all known cannot tell a worker what not to repeat.
  return dropped === undefined
    ? { ...history, done }
    : { ...history, done, unsafeOffset: Math.max(history.unsafeOffset ?? -1, dropped.offset) };
};

const withCheckpoint = (history: History, checkpoint: HistoryCheckpoint): History => {
  const kept = checkpoint.stored === 'server' ? [] : history.checkpoints.slice(-(MAX_CHECKPOINTS - 1));
  return prune({ ...history, checkpoints: [...kept, checkpoint] });
};

/** Forgets the steps that no kept checkpoint needs. */
const prune = (history: History): History => {
  const oldest = history.checkpoints[0];
  return oldest === undefined
    ? history
    : { ...history, done: history.done.filter((step) => step.offset > oldest.offset) };
};

/**
 * What a decision to hand the profile on takes for settled: an open step that may be done again. Kept open, it would
 * send the free profile back into quarantine, round after round. Any other open step stays for a person.
 */
export const withoutRepeatable = (history: History, basedOn: number): History => ({
  ...history,
  openSteps: history.openSteps.filter(
    (step) => step.kind !== 'side-effect' || !step.repeatable || step.offset > basedOn,
  ),
});

/** What a resumed lease starts with: the checkpoint it goes on from, trusted, and the steps done since. */
export const inheritedHistory = (history: History, checkpoint: HistoryCheckpoint): History =>
  prune({ ...history, checkpoints: [{ ...checkpoint, inherited: true }], lastStep: history.lastStep });

export const stepsSince = (history: History, checkpoint: HistoryCheckpoint): History['done'] =>
  history.done.filter((step) => step.offset > checkpoint.offset);
