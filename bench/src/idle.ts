import { SERVICE_NAMES, startServices, startStack } from '@profile-warden/devstack';
import { fork } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { BARE_TOPIC, createBareTopic } from './bare-topic.ts';
import { benchOptions, say } from './bench-options.ts';
import { rounded } from './figures.ts';

const HELP = `npm run bench:idle -- [--json] [--seconds N]

Share of a core that each service uses while nothing happens but the ticks of the detector, and what kafkajs alone uses
in the same run with a consumer and a producer that have nothing to do.

  --seconds N   how long to look, 5 to 600 (default 20)
  --json        the last line is one JSON object
`;

const { json, seconds } = benchOptions(HELP, { seconds: 20 });
const watchMs = seconds * 1_000;
const SETTLE_MS = 5_000;

/** Seconds of processor time that a service says it has used. */
const cpuSecondsOf = async (port: number): Promise<number> => {
  const answer = await fetch(`http://127.0.0.1:${port}/metrics`);
  const [, seconds] = /^process_cpu_seconds_total\{[^}]*\} (\S+)$/m.exec(await answer.text()) ?? [];
  return Number(seconds);
};

const bareShare = (brokers: readonly string[]): Promise<number> => {
  const child = fork(
    fileURLToPath(new URL('./idle/bare-idle.ts', import.meta.url)),
    [brokers.join(), BARE_TOPIC, String(watchMs)],
    { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] },
  );
  return new Promise((resolve, reject) => {
    child.once('message', (share) => resolve(Number(share)));
    child.once('exit', (code) => reject(new Error(`bare kafkajs ended with ${String(code)}`)));
  });
};

await using stack = await startStack({ onProgress: say });
await createBareTopic(stack.brokers);
await using services = await startServices(stack, { onProgress: say });
await delay(SETTLE_MS);
const ports = await Promise.all(SERVICE_NAMES.map((name) => services.of(name).port()));
const before = await Promise.all(ports.map(cpuSecondsOf));
await delay(watchMs);
const after = await Promise.all(ports.map(cpuSecondsOf));
await services.stop();
const percents = SERVICE_NAMES.map((name, index) => {
  const used = (after[index] ?? NaN) - (before[index] ?? NaN);
  return [name, rounded((used * 100_000) / watchMs)] as const;
});
for (const [name, percent] of percents) say(`${name}: ${percent} % of a core`);
const barePercent = rounded((await bareShare(stack.brokers)) * 100);
say(`kafkajs as it is, one consumer and one producer: ${barePercent} %`);
await stack.stop();

const result = {
  maxPercent: Math.max(...percents.map(([, percent]) => percent)),
  percent: Object.fromEntries(percents),
  barePercent,
  watchMs,
};
if (json) process.stdout.write(`${JSON.stringify(result)}\n`);
