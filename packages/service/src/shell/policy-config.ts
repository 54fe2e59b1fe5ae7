import { DEFAULT_POLICY, policyProblems, type Policy } from '@profile-warden/domain';

/** Not to be set for single labels: they concern the partition or the deployment as a whole. */
const NEVER_OVERRIDDEN: readonly string[] = ['overrides', 'fenceTargets', 'massSilence'];

type Fields = Readonly<Record<string, unknown>>;

/** The policy of a deployment: the defaults, and over them what a JSON text says. Everything wrong is added to `problems`. */
export const readPolicy = (text: string, targets: readonly string[], problems: string[]): Policy => {
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch (error) {
    problems.push(`WARDEN_POLICY is no JSON: ${(error as Error).message}`);
    return DEFAULT_POLICY;
  }
  if (!isObject(given)) {
    problems.push('WARDEN_POLICY must be a JSON object of policy fields');
    return DEFAULT_POLICY;
  }
  const flaws = shapeFlaws(given);
  for (const flaw of flaws) problems.push(`WARDEN_POLICY ${flaw}`);
  if (flaws.length > 0) return DEFAULT_POLICY;
  const change = given as Partial<Policy>;
  const policy: Policy = {
    ...DEFAULT_POLICY,
    fenceTargets: targets,
    ...change,
    massSilence: { ...DEFAULT_POLICY.massSilence, ...change.massSilence },
  };
  for (const problem of policyProblems(policy)) problems.push(`WARDEN_POLICY: ${problem}`);
  return policy;
};

const isObject = (value: unknown): value is Fields =>
  value !== null && typeof value === 'object' && !Array.isArray(value);

/** A field that is misspelt or of another kind would silently leave the default in place. */
const shapeFlaws = (given: Fields): readonly string[] => {
  const flaws = fieldFlaws('', given, DEFAULT_POLICY as unknown as Fields);
  const { massSilence, overrides } = given;
  if (isObject(massSilence))
    flaws.push(...fieldFlaws('massSilence.', massSilence, DEFAULT_POLICY.massSilence));
  if (!isObject(overrides)) return flaws;
  const perLabel = Object.fromEntries(
    Object.entries(DEFAULT_POLICY).filter(([name]) => !NEVER_OVERRIDDEN.includes(name)),
  );
  for (const [label, change] of Object.entries(overrides))
    if (isObject(change)) flaws.push(...fieldFlaws(`overrides.${label}.`, change, perLabel));
    else flaws.push(`has overrides.${label}, which must be a JSON object of policy fields`);
  return flaws;
};

const fieldFlaws = (prefix: string, given: Fields, known: Fields): string[] => {
  const flaws: string[] = [];
  for (const [name, value] of Object.entries(given)) {
    if (!Object.hasOwn(known, name)) flaws.push(`names ${prefix}${name}, which is no policy field`);
    else if (kindOf(value) !== kindOf(known[name]))
      flaws.push(`has ${prefix}${name} ${JSON.stringify(value)}, which must be ${kindOf(known[name])}`);
  }
  return flaws;
};

const kindOf = (value: unknown): string =>
  Array.isArray(value)
    ? value.every((item) => typeof item === 'string')
      ? 'a list of names'
      : 'another list'
    : isObject(value)
      ? 'an object'
      : `a ${value === null ? 'null' : typeof value}`;
