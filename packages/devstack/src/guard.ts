/**
 * The guard: a process of its own that starts every part and ends them all when its owner is gone, whatever
 * ended the owner: a normal exit, Ctrl-C, a crash, SIGKILL.
 *
 * It is the parent of the parts, so there is no moment in which a part runs and nobody would end it. It learns
 * of the owner's end by the channel between them, which the kernel closes. It leads its own session, and so does
 * each part: a Ctrl-C in the terminal reaches the owner only, which stops the parts in order.
 */
import { spawn, spawnSync } from 'node:child_process';
import { closeSync, openSync, rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FromGuard, ToGuard } from './guard-protocol.ts';

const GRACE_MS = 4_000;
const AFTER_KILL_MS = 2_000;
const COMMAND_BOUND_MS = 60_000;

const stopSignals = new Map<number, NodeJS.Signals>();
const toRemove = new Set<string>();
let lastCommands: { command: string; args: string[] }[] = [];
let ending = false;

function say(message: FromGuard): void {
  // The owner may be gone at any time: then there is nobody to tell.
  if (process.connected) process.send?.(message, () => undefined);
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // The group has ended already.
  }
}

function start(message: Extract<ToGuard, { do: 'spawn' }>): void {
  const { id, spec } = message;
  if (ending) {
    say({ say: 'refused', id, reason: 'the guard is ending' });
    return;
  }
  let log: number | undefined;
  try {
    log = openSync(spec.logFile, spec.freshLog ? 'w' : 'a');
    const child = spawn(spec.command, spec.args, {
      cwd: spec.cwd,
      env: spec.env,
      detached: true,
      stdio: ['ignore', log, log],
      ...spec.user,
    });
    child.once('error', (error) => {
      if (child.pid === undefined) say({ say: 'refused', id, reason: error.message });
    });
    const { pid } = child;
    if (pid === undefined) return;
    stopSignals.set(pid, spec.stopSignal);
    child.once('exit', (code, signal) => {
      stopSignals.delete(pid);
      // Children that outlive their parent (a launcher script, a stray backend) belong to the part as well.
      signalGroup(pid, 'SIGKILL');
      say({ say: 'exited', pid, exit: { code, signal } });
    });
    say({ say: 'spawned', id, pid });
  } catch (error) {
    say({ say: 'refused', id, reason: error instanceof Error ? error.message : String(error) });
  } finally {
    if (log !== undefined) closeSync(log);
  }
}

async function allEnded(boundMs: number): Promise<boolean> {
  const endsAt = performance.now() + boundMs;
  while (stopSignals.size > 0 && performance.now() < endsAt) await sleep(20);
  return stopSignals.size === 0;
}

async function end(): Promise<void> {
  if (ending) return;
  ending = true;
  for (const [pid, signal] of stopSignals) signalGroup(pid, signal);
  if (!(await allEnded(GRACE_MS))) {
    for (const pid of stopSignals.keys()) signalGroup(pid, 'SIGKILL');
    await allEnded(AFTER_KILL_MS);
  }
  for (const { command, args } of lastCommands) {
    spawnSync(command, args, { stdio: 'ignore', timeout: COMMAND_BOUND_MS });
  }
  for (const path of toRemove) rmSync(path, { recursive: true, force: true, maxRetries: 3, retryDelay: 100 });
  process.exit(0);
}

process.on('message', (message: ToGuard) => {
  switch (message.do) {
    case 'spawn': {
      start(message);
      return;
    }
    case 'signal':
      if (stopSignals.has(message.pid)) signalGroup(message.pid, message.signal);
      say({ say: 'signalled', id: message.id });
      return;
    case 'remove':
      toRemove.add(message.path);
      return;
    case 'finally':
      lastCommands.push({ command: message.command, args: message.args });
      return;
    case 'forget-finally':
      lastCommands = [];
      return;
    case 'end':
      void end();
  }
});
process.on('disconnect', () => void end());
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void end());
