import { parseArgs } from 'node:util';

/** The numbers and `--json` of a bench's command line; prints the help and ends the process where that is asked for. */
export const benchOptions = <K extends string>(
  help: string,
  defaults: Readonly<Record<K, number>>,
): Readonly<Record<K, number>> & { readonly json: boolean } => {
  const names = Object.keys(defaults) as K[];
  const { values } = parseArgs({
    options: {
      json: { type: 'boolean' },
      help: { type: 'boolean' },
      ...Object.fromEntries(names.map((name) => [name, { type: 'string' } as const])),
    },
  });
  if (values.help === true) {
    process.stdout.write(help);
    process.exit(0);
  }
  const given = values as Readonly<Partial<Record<K, string>>>;
  const numbers = Object.fromEntries(names.map((name) => [name, Number(given[name] ?? defaults[name])]));
  const wrong = names.find((name) => !(Number(numbers[name]) > 0));
  if (wrong !== undefined) {
    process.stderr.write(`--${wrong} must be a positive number, got ${given[wrong] ?? ''}\n\n${help}`);
    process.exit(2);
  }
  return { ...(numbers as Record<K, number>), json: values.json === true };
};

/** Progress goes beside the result, so that `--json` can be piped. */
export const say = (line: string): void => {
  process.stderr.write(`${line}\n`);
};
