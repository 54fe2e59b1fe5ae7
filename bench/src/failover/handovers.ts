import { startServices, type Services, type Stack } from '@profile-warden/devstack';
import { setTimeout as delay } from 'node:timers/promises';
import { auditLog, isSound, type LogAudit } from './log-audit.ts';
import { SteadyLoad, type LoadTarget } from './steady-load.ts';

export const SESSION_MS = 10_000;
/** After a member has joined, the group and the load come to rest within this. */
const REST_MS = 3_000;
const ASK_EVERY_MS = 20;
const GRACEFUL_WATCH_MS = 4_000;
const KILL_WATCH_MS = SESSION_MS + 4_000;

export interface Handovers {
  readonly gracefulMs: number;
  readonly killMs: number;
  readonly zombieFenced: boolean;
  readonly audit: LogAudit;
}

/** Two authorities under load: one is told to stop, killed, and stopped dead and woken again. */
export const measureHandovers = async (
  stack: Stack,
  target: LoadTarget,
  say: (line: string) => void,
): Promise<Handovers> => {
  const start = (label: string, deploy: boolean): Promise<Services> =>
    startServices(stack, {
      names: ['lease-authority'],
      topic: target.topic,
      label,
      deploy,
      env: { WARDEN_FENCE_TARGETS: '', WARDEN_SESSION_MS: String(SESSION_MS) },
    });
  await using one = await start('one', true);
  await using _two = await start('two', false);
  const authority = one.of('lease-authority');
  const load = new SteadyLoad(target, ASK_EVERY_MS);
  await load.start();

  const watch = async (strike: () => Promise<void>, watchMs: number): Promise<number> => {
    await delay(REST_MS);
    load.begin();
    const struck = strike();
    await delay(watchMs);
    const gapMs = load.longestGapMs();
    await struck;
    return gapMs;
  };
  const gracefulMs = await watch(() => authority.kill('SIGTERM'), GRACEFUL_WATCH_MS);
  say(`told to stop: ${gracefulMs} ms without an answer at most`);
  await authority.restart();
  const killMs = await watch(() => authority.kill('SIGKILL'), KILL_WATCH_MS);
  say(`killed: ${killMs} ms without an answer at most, a session is ${SESSION_MS} ms`);
  await authority.restart();
  await watch(() => authority.kill('SIGSTOP'), KILL_WATCH_MS);
  // It wakes with requests read and decisions begun under an epoch that has ended.
  await authority.kill('SIGCONT');
  await delay(REST_MS);
  await load.stop(REST_MS);
  const audit = await auditLog({ ...target, kafkaLibsDir: stack.kafkaLibsDir }, load.heard);
  say(
    `stopped dead and woken: ${audit.staleDecisions} decisions of an ended epoch in the log, ` +
      `${audit.requests} requests, the log ${isSound(audit) ? 'is sound' : 'IS NOT SOUND'}`,
  );
  return { gracefulMs, killMs, zombieFenced: audit.staleDecisions === 0, audit };
};
