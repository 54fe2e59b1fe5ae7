import type { Policy } from './policy.ts';
import type { OpenStep, ProfileState } from './state.ts';

/**
 * Steps begun and not ended that only the policy calls sensitive; those that the worker calls so are open steps. One of
 * an earlier lease was there when a person handed the task on.
 */
export const namedInFlight = ({ history, token }: ProfileState, policy: Policy): readonly OpenStep[] =>
  history.inFlight.filter((step) => step.token === token && policy.sensitiveSteps.includes(step.name));

/** Whether a step that the policy calls sensitive is known to have been done after `offset`. */
export const isNamedDoneAfter = ({ history }: ProfileState, policy: Policy, offset: number): boolean =>
  history.done.some((step) => step.offset > offset && policy.sensitiveSteps.includes(step.name));

/**
 * Whether one may have been done at all in this task: the names of the steps up to its oldest checkpoint are not kept,
 * so with a checkpoint nobody can say.
 */
export const mayNamedBeDone = (profile: ProfileState, policy: Policy): boolean =>
  policy.sensitiveSteps.length > 0 &&
  (profile.history.checkpoints.length > 0 || isNamedDoneAfter(profile, policy, -1));
