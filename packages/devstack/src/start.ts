/** `npm start`: the real parts, the topic and the five services, until Ctrl-C. */
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { DevstackError, messageOf } from './error.ts';
import { startServices, type Services } from './services.ts';
import { startStack } from './stack-start.ts';
import type { PartName, Stack, StackKind } from './stack.ts';

const PROJECT_DIR = fileURLToPath(new URL('../../../', import.meta.url));
const HELP = `Starts Kafka, the schema registry and PostgreSQL, deploys the topic and starts the services.
Everything listens on 127.0.0.1 only. Ctrl-C stops it; the data is kept for the next start.

  npm start -- [options]

  --parts                  only the parts: no topic, no services
  --stack embedded|docker  embedded: Java and jars fetched by Maven; docker: docker-compose.yml
                           (default: embedded where it can run, else docker)
  --data-dir <folder>      data and logs (default: .devstack)
  --port-kafka <port>      default: a free port
  --port-registry <port>   default: a free port
  --port-postgres <port>   default: a free port
  --help                   this text
`;

const INTERRUPTED = 130;

class UsageError extends Error {}

type Options = {
  partsOnly: boolean;
  kind: StackKind | undefined;
  dataDir: string;
  ports: Partial<Record<PartName, number>>;
};

function portOf(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const port = Number(text);
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port;
  throw new UsageError(`--${flag} wants a port from 1 to 65535, not "${text}".`);
}

/** The options, or undefined when only help is wanted. */
function readOptions(args: string[]): Options | undefined {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean', default: false } as const;
  const { values } = parseArgs({
    args,
    options: {
      help: flag,
      parts: flag,
      stack: text,
      'data-dir': text,
      'port-kafka': text,
      'port-registry': text,
      'port-postgres': text,
    },
  });
  if (values.help) return undefined;
  const { stack } = values;
  if (stack !== undefined && stack !== 'embedded' && stack !== 'docker') {
    throw new UsageError(`--stack wants embedded or docker, not "${stack}".`);
  }
  const ports: Partial<Record<PartName, number>> = {};
  for (const name of ['kafka', 'registry', 'postgres'] as const) {
    const port = portOf(`port-${name}`, values[`port-${name}`]);
    if (port !== undefined) ports[name] = port;
  }
  return {
    partsOnly: values.parts,
    kind: stack,
    dataDir: values['data-dir'] ?? join(PROJECT_DIR, '.devstack'),
    ports,
  };
}

async function describe(stack: Stack, services: Services | undefined): Promise<string> {
  const lines = [
    ['brokers', stack.brokers.join(',')],
    ['registry', stack.registryUrl],
    ['postgres', stack.postgresUrl],
    ['data, logs', stack.dataDir],
  ];
  for (const service of services?.handles ?? []) {
    lines.push([service.name, `http://127.0.0.1:${await service.port()}`]);
  }
  return lines.map(([name = '', value = '']) => `  ${name.padEnd(20)}${value}\n`).join('');
}

/** Resolves with the exit code: 0 for a signal, 1 when something died. */
function untilEnd(): { ended: Promise<number>; fail: (error: DevstackError) => void } {
  const { promise: ended, resolve } = Promise.withResolvers<number>();
  const fail = (error: DevstackError): void => {
    console.error(`\n${error.code}: ${error.message}`);
    resolve(1);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => resolve(0));
  return { ended, fail };
}

async function run(options: Options): Promise<number> {
  const { ended, fail } = untilEnd();
  const interrupted = ended.then((code) => ({ code }));
  // Nothing else may keep this process alive between the start and Ctrl-C.
  const alive = setInterval(() => undefined, 60_000);
  const say = (line: string): void => console.log(line);
  try {
    const stack = await Promise.race([
      interrupted,
      startStack({
        ...(options.kind === undefined ? {} : { kind: options.kind }),
        dataDir: options.dataDir,
        ports: options.ports,
        onProgress: say,
        onPartDied: fail,
      }),
    ]);
    // Ctrl-C while parts start: this process ends, and the guard ends what it had started.
    if ('code' in stack) return stack.code === 0 ? INTERRUPTED : stack.code;
    await using held = stack;
    const services = options.partsOnly
      ? undefined
      : await Promise.race([interrupted, startServices(held, { onProgress: say, onServiceDied: fail })]);
    if (services !== undefined && 'code' in services)
      return services.code === 0 ? INTERRUPTED : services.code;
    console.log(`\nReady.\n${await describe(held, services)}\nCtrl-C stops everything.`);
    const code = await ended;
    // The second Ctrl-C does not wait for an orderly end.
    void once(process, 'SIGINT').then(() => process.exit(INTERRUPTED));
    console.log('\nStopping.');
    await services?.stop();
    return code;
  } finally {
    clearInterval(alive);
  }
}

async function main(): Promise<number> {
  try {
    const options = readOptions(process.argv.slice(2));
    if (options !== undefined) return await run(options);
    process.stdout.write(HELP);
    return 0;
  } catch (error) {
    const isUsage =
      error instanceof UsageError || (error as { code?: string }).code?.startsWith('ERR_PARSE_ARGS');
    if (error instanceof DevstackError) console.error(`\n${error.code}: ${error.message}`);
    else if (isUsage === true) console.error(`${messageOf(error)} See --help.`);
    else console.error(error);
    return isUsage === true ? 2 : 1;
  }
}

process.exit(await main());
