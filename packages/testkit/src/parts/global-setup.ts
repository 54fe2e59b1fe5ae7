/**
 * Starts the real parts once for all integration tests of a run, and stops them after the last one: in containers
 * where a Docker engine answers, else embedded. `WARDEN_TEST_PARTS=docker` or `=embedded` chooses.
 */
import { startStack } from '@profile-warden/devstack';
import type { TestProject } from 'vitest/node';
import { startContainers, type StartedParts } from './containers.ts';

function say(line: string): void {
  process.stderr.write(`[parts] ${line}\n`);
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
}

async function startEmbedded(): Promise<StartedParts> {
  const stack = await startStack({ kind: 'embedded', onProgress: say });
  const { brokers, registryUrl, postgresUrl, kafkaLibsDir } = stack;
  const parts = { kind: stack.kind, brokers, registryUrl, postgresUrl, kafkaLibsDir };
  return { parts, stop: () => stack.stop() };
}

async function startParts(): Promise<StartedParts> {
  const chosen = process.env['WARDEN_TEST_PARTS'] ?? '';
  if (!['', 'docker', 'embedded'].includes(chosen)) {
    throw new Error(`WARDEN_TEST_PARTS wants docker or embedded, not "${chosen}".`);
  }
  if (chosen === 'embedded') return startEmbedded();
  if (chosen === 'docker') return startContainers(say);
  try {
    return await startContainers(say);
  } catch (error) {
    say(`no containers (${firstLine(error)}), so embedded parts`);
    return startEmbedded();
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const startedAt = performance.now();
  const { parts, stop } = await startParts();
  const where = parts.kind === 'docker' ? 'in containers (Testcontainers)' : 'embedded';
  say(`ready ${where} after ${Math.round(performance.now() - startedAt)} ms`);
  project.provide('parts', parts);
  return stop;
}
