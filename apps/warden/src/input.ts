import {
  MAX_PROFILE_ID_LENGTH,
  MAX_TOKEN,
  assertProfileId,
  type ReviewOutcome,
  type StepVerdict,
  type Verdict,
} from '@profile-warden/events';
import { messageOf, usage } from './failure.ts';

/** Bounds of the schemas, checked here so that the message can name option and value before anything is opened. */
export const LENGTH_MAX = {
  note: 2_048,
  reason: 1_024,
  hostReason: 512,
  person: 128,
  host: 128,
  step: 128,
  checkpoint: 128,
  accountRef: 256,
  tenant: 128,
  directory: 1_024,
  label: 64,
} as const;

const LABEL_COUNT_MAX = 16;
const VERDICT_COUNT_MAX = 16;
const ROUND_MAX = 2 ** 31 - 1;
const OFFSET_MAX = Number.MAX_SAFE_INTEGER - 1;

export const OUTCOMES = [
  'available',
  'resume-pending',
  'retry',
  'retired',
] as const satisfies readonly ReviewOutcome[];
export const VERDICTS = ['applied', 'not-applied', 'unknown'] as const satisfies readonly Verdict[];

const shown = (value: string): string => JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}…` : value);

/** What the runtime makes of bytes that were no UTF-8; no id may hold it, since two unlike ids would look alike. */
const REPLACEMENT = '\ufffd';

export const profileIdOf = (text: string): string => {
  if (text.includes(REPLACEMENT))
    throw usage('profile-id-not-utf8', `profile id ${shown(text)} is no valid UTF-8`);
  try {
    assertProfileId(text);
  } catch (error) {
    const code = (error as { code?: string }).code ?? 'profile-id-invalid';
    throw usage(code, `${messageOf(error)}; an id has 1 to ${MAX_PROFILE_ID_LENGTH} characters`);
  }
  return text;
};

export const wholeNumber = (
  name: string,
  text: string,
  bound: { readonly min: number; readonly max: number },
  code = 'number-out-of-range',
): number => {
  const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= bound.min && value <= bound.max) return value;
  throw usage(code, `${name}: ${shown(text)} is no whole number from ${bound.min} to ${bound.max}`);
};

export const tokenOf = (text: string): number =>
  wholeNumber('token', text, { min: 1, max: MAX_TOKEN }, 'token-out-of-range');

export const roundOf = (text: string): number =>
  wholeNumber('round', text, { min: 1, max: ROUND_MAX }, 'round-out-of-range');

export const offsetOf = (text: string): number =>
  wholeNumber('offset', text, { min: 0, max: OFFSET_MAX }, 'offset-out-of-range');

/** A text that says something, within its bound. */
export const textOf = (name: string, text: string, max: number): string => {
  if (text.trim() === '') throw usage('empty-text', `${name} is empty: say it in 1 to ${max} characters`);
  if (text.length > max)
    throw usage('text-too-long', `${name} has ${text.length} characters, at most ${max} are allowed`);
  if (text.includes(REPLACEMENT) || !text.isWellFormed())
    throw usage('text-not-utf8', `${name} ${shown(text)} is no valid UTF-8`);
  return text;
};

export const outcomeOf = (text: string): (typeof OUTCOMES)[number] => {
  const outcome = OUTCOMES.find((one) => one === text);
  if (outcome === undefined)
    throw usage('unknown-outcome', `outcome: ${shown(text)} is none of ${OUTCOMES.join(', ')}`);
  return outcome;
};

/** `STEP=VERDICT`; the last `=` divides, since a step id may hold one. */
export const verdictOf = (text: string): StepVerdict => {
  const at = text.lastIndexOf('=');
  const verdict = VERDICTS.find((one) => one === text.slice(at + 1));
  if (at < 1 || verdict === undefined)
    throw usage('bad-verdict', `verdict: ${shown(text)} is no STEP=${VERDICTS.join('|')}`);
  return { stepId: textOf('verdict: the step', text.slice(0, at), LENGTH_MAX.step), verdict };
};

/** One verdict a step; the later of two would silently win. */
export const withVerdict = (verdicts: readonly StepVerdict[], next: StepVerdict): StepVerdict[] => {
  if (verdicts.some(({ stepId }) => stepId === next.stepId))
    throw usage('bad-verdict', `verdict: ${shown(next.stepId)} has two verdicts`);
  if (verdicts.length >= VERDICT_COUNT_MAX)
    throw usage('bad-verdict', `verdict: at most ${VERDICT_COUNT_MAX} are allowed`);
  return [...verdicts, next];
};

export const withLabel = (labels: readonly string[], label: string): string[] => {
  if (labels.length >= LABEL_COUNT_MAX)
    throw usage('too-many-labels', `label: at most ${LABEL_COUNT_MAX} are allowed`);
  return [...labels, textOf('label', label, LENGTH_MAX.label)];
};

/** A path without its root means another directory to whoever reads it. */
export const directoryOf = (text: string): string => {
  textOf('directory', text, LENGTH_MAX.directory);
  if (!text.startsWith('/'))
    throw usage('directory-not-absolute', `directory: ${shown(text)} is no absolute path`);
  return text;
};
