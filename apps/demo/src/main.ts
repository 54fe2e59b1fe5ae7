import type { StackKind } from '@profile-warden/devstack';
import { parseArgs } from 'node:util';
import { lineOf } from './narration.ts';
import { crashAfterCheckpoint } from './scenes/crash-after-checkpoint.ts';
import { crashInSensitiveStep } from './scenes/crash-in-sensitive-step.ts';
import { openStepRelease } from './scenes/open-step-release.ts';
import { pausedWorker } from './scenes/paused-worker.ts';
import { World } from './world.ts';

const HELP = `npm run demo -- [options]

Starts Kafka, a schema registry and PostgreSQL, the five services and real worker processes, plays four profiles'
stories at the same time, prints them as they happen and exits 0 if every one ended as it must.

  --json                   the last line is one JSON object
  --keep                   leave everything up afterwards, until Ctrl-C
  --stack embedded|docker  how the parts are started (default: embedded, docker where Java or Maven is missing)
  --help
`;

const readOptions = (): { json: boolean; keep: boolean; kind: StackKind | undefined } => {
  const { values } = parseArgs({
    options: {
      json: { type: 'boolean', default: false },
      keep: { type: 'boolean', default: false },
      stack: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    process.exit(0);
  }
  const kind = values.stack;
  if (kind !== undefined && kind !== 'embedded' && kind !== 'docker')
    throw new Error(`--stack must be embedded or docker, got ${kind}`);
  return { json: values.json, keep: values.keep, kind };
};

const startedAt = performance.now();
const print = (line: string): void => {
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1).padStart(6);
  process.stdout.write(`${seconds}s  ${line}\n`);
};

interface Result {
  readonly ok: boolean;
  readonly [name: string]: unknown;
}

const play = async (world: World): Promise<Result> => {
  print(
    `browser: ${world.browser.name}; a lease is ${world.policy.leaseMs} ms, suspicion ${world.policy.suspectAfterMs} ms`,
  );
  const [crash, sensitive, paused, swallowed] = await Promise.all([
    crashAfterCheckpoint(world),
    crashInSensitiveStep(world),
    pausedWorker(world),
    openStepRelease(world),
  ]);
  const ok =
    crash.outcome === 'resume-pending' &&
    crash.tokens.join() === '1,2' &&
    crash.staleWriteRefused &&
    sensitive.outcome === 'manual-review' &&
    sensitive.rule === 'sensitive-open' &&
    sensitive.denialExplained &&
    paused.suspicionCleared &&
    paused.lateReportRejected &&
    paused.staleWriteRefused &&
    paused.signalAborted &&
    swallowed.cause === 'unsettled-step' &&
    swallowed.rule === 'sensitive-open' &&
    swallowed.nextDenied;
  return {
    ok,
    browser: world.browser.name,
    broker: world.stack.brokerVersion,
    scenes: [crash, sensitive, paused],
    openStepRelease: swallowed,
  };
};

const keepUp = async (world: World): Promise<void> => {
  print(
    `kept: brokers ${world.stack.brokers.join()}, registry ${world.stack.registryUrl}, ${world.stack.postgresUrl}`,
  );
  print('Ctrl-C ends it.');
  await new Promise<void>((resolve) => {
    process.once('SIGINT', resolve);
    process.once('SIGTERM', resolve);
  });
};

const main = async (): Promise<boolean> => {
  const options = readOptions();
  const result = await playAll(options);
  print(result.ok ? 'every story ended as it must' : 'a story ended otherwise than it must');
  if (options.json) process.stdout.write(`${JSON.stringify(result)}\n`);
  return result.ok;
};

const playAll = async (options: { keep: boolean; kind: StackKind | undefined }): Promise<Result> => {
  await using world = await World.open({
    ...(options.kind === undefined ? {} : { kind: options.kind }),
    onProgress: print,
    onTold: (told) => {
      const line = lineOf(told);
      if (line !== null) print(line);
    },
  });
  const result = await play(world);
  if (options.keep) await keepUp(world);
  return result;
};

try {
  process.exitCode = (await main()) ? 0 : 1;
} catch (error) {
  process.stderr.write(
    `the demo failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
  );
  process.exitCode = 1;
}
