import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDataDir, wantedParts, type DataDir } from './data-dir.ts';
import { createDatabaseIfMissing } from './database.ts';
import { download } from './download.ts';
import { Guard } from './guard-client.ts';
import { findJava } from './java.ts';
import { planKafka } from './kafka.ts';
import { Part, type PartPlan } from './part.ts';
import { claimPort } from './port.ts';
import { ownerFile } from './postgres-home.ts';
import { planPostgres, POSTGRES_DATABASE } from './postgres.ts';
import { planRegistry, registryUrlAt } from './registry.ts';
import type { PartName, Stack, StackOptions } from './stack.ts';

type Context = {
  options: StackOptions;
  names: Set<PartName>;
  dir: string;
  logDir: string;
  isTemporary: boolean;
  guard: Guard;
  ports: Partial<Record<PartName, number>>;
  env: Record<string, string>;
  running: Map<PartName, Part>;
  say: (line: string) => void;
  /** Parts that end from now on are ended by us. */
  isEnding: boolean;
};
type Found = { brokerVersion: string; kafkaLibsDir: string; postgresUrl: string };

export async function startEmbedded(options: StackOptions): Promise<Stack> {
  const names = wantedParts(options);
  const say = options.onProgress ?? (() => undefined);
  const home = await openDataDir(options.dataDir);
  const { dir, logDir, isTemporary } = home;
  const guard = new Guard();
  if (isTemporary) guard.removeAtEnd(dir);
  const env = { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? dir, TMPDIR: tmpdir() };
  const context: Context = {
    options,
    names,
    dir,
    logDir,
    isTemporary,
    guard,
    ports: {},
    env,
    running: new Map(),
    say,
    isEnding: false,
  };
  try {
    // One after the other: two parts that want the same port must not both see it free.
    for (const name of names) context.ports[name] = await claimPort(name, options.ports?.[name]);
    const [kafka, postgresUrl] = await Promise.all([startJavaParts(context), startPostgres(context)]);
    return stackOf(context, { ...kafka, postgresUrl }, home);
  } catch (error) {
    context.isEnding = true;
    await guard.end();
    await home.release();
    throw error;
  }
}

async function startJavaParts(context: Context): Promise<Pick<Found, 'brokerVersion' | 'kafkaLibsDir'>> {
  const { names, dir, env, ports, options, say } = context;
  if (!names.has('kafka')) return { brokerVersion: '', kafkaLibsDir: '' };
  const java = await findJava();
  const kafka = await download('kafka', { onProgress: say });
  const registry = names.has('registry') ? await download('registry', { onProgress: say }) : undefined;
  const kafkaPort = ports.kafka ?? 0;
  await startPart(context, 'kafka', () =>
    planKafka({
      guard: context.guard,
      java,
      libsDir: kafka.dir,
      dir: join(dir, 'kafka'),
      logFile: join(context.logDir, 'kafka.log'),
      port: kafkaPort,
      env,
      brokerConfig: options.brokerConfig ?? {},
      secondListener: options.secondListener,
    }),
  );
  if (registry !== undefined) {
    await startPart(context, 'registry', () =>
      planRegistry({
        java,
        jar: registry.jar,
        dir: join(dir, 'registry'),
        logFile: join(context.logDir, 'registry.log'),
        port: ports.registry ?? 0,
        kafkaPort,
        env,
      }),
    );
  }
  return { brokerVersion: kafka.version, kafkaLibsDir: kafka.dir };
}

async function startPostgres(context: Context): Promise<string> {
  const { names, dir, env, ports, isTemporary } = context;
  if (!names.has('postgres')) return '';
  let adminUrl = '';
  await startPart(context, 'postgres', async () => {
    const planned = await planPostgres({
      guard: context.guard,
      dir: join(dir, 'postgres'),
      logFile: join(context.logDir, 'postgres.log'),
      port: ports.postgres ?? 0,
      env,
      isTemporary,
    });
    adminUrl = planned.adminUrl;
    if (isTemporary)
      for (const path of [planned.data, ownerFile(planned.data)]) context.guard.removeAtEnd(path);
    return planned.plan;
  });
  return createDatabaseIfMissing(adminUrl, POSTGRES_DATABASE);
}

async function startPart(context: Context, name: PartName, plan: () => Promise<PartPlan>): Promise<void> {
  const startedAt = performance.now();
  const part = new Part(await plan(), context.guard, (error) => {
    if (!context.isEnding) context.options.onPartDied?.(error);
  });
  context.running.set(name, part);
  await part.start();
  context.say(
    `${name} is ready on 127.0.0.1:${part.plan.port} (${Math.round(performance.now() - startedAt)} ms)`,
  );
}

function stackOf(context: Context, found: Found, home: DataDir): Stack {
  const { running, ports, guard, isTemporary } = context;
  const partOf = (name: PartName): Part => {
    const part = running.get(name);
    if (part === undefined) throw new Error(`This stack has no ${name}: it was started without it.`);
    return part;
  };
  let stopping: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    context.isEnding = true;
    // What is thrown away needs no orderly end. Else the registry goes before the Kafka that it talks to.
    if (!isTemporary) {
      const inOrder = async (): Promise<void> => {
        await running.get('registry')?.stop();
        await running.get('kafka')?.stop();
      };
      await Promise.all([inOrder(), running.get('postgres')?.stop()]);
    } else {
      await Promise.all([
        running.get('registry')?.kill(),
        running.get('kafka')?.kill(),
        running.get('postgres')?.stop(),
      ]);
    }
    await guard.end();
    await home.release();
  };
  return {
    kind: 'embedded',
    brokers: running.has('kafka') ? [`127.0.0.1:${ports.kafka ?? 0}`] : [],
    registryUrl: running.has('registry') ? registryUrlAt(ports.registry ?? 0) : '',
    postgresUrl: found.postgresUrl,
    brokerVersion: found.brokerVersion,
    dataDir: context.dir,
    kafkaLibsDir: found.kafkaLibsDir,
    get parts() {
      return Object.fromEntries(
        [...running].map(([name, part]) => [name, { pid: part.pid, logFile: part.plan.process.logFile }]),
      );
    },
    killPart: (name) => partOf(name).kill(),
    restartPart: async (name) => {
      await partOf(name).stop();
      await partOf(name).start();
    },
    stop: () => (stopping ??= stop()),
    [Symbol.asyncDispose]: () => (stopping ??= stop()),
  };
}
