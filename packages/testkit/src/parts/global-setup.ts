/** Starts the real parts once for all integration tests of a run, and stops them after the last one. */
import { startStack } from '@profile-warden/devstack';
import type { TestProject } from 'vitest/node';
import type { ProvidedParts } from './provided.ts';

function say(line: string): void {
  process.stderr.write(`[parts] ${line}\n`);
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const stack = await startStack({ kind: 'embedded', onProgress: say });
  const { brokers, registryUrl, postgresUrl, kafkaLibsDir } = stack;
  const parts: ProvidedParts = { kind: 'embedded', brokers, registryUrl, postgresUrl, kafkaLibsDir };
  project.provide('parts', parts);
  return () => stack.stop();
}
