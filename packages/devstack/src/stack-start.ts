import { tmpdir } from 'node:os';
import { dockerAnswers } from './docker-engine.ts';
import { startDocker } from './docker.ts';
import { startEmbedded } from './embedded.ts';
import { DevstackError, diskFull, messageOf, saysDiskFull, type DevstackErrorCode } from './error.ts';
import type { Stack, StackOptions } from './stack.ts';

/** Faults of a machine that cannot run the parts itself, where containers may still do. */
const NOT_EMBEDDABLE: ReadonlySet<DevstackErrorCode> = new Set([
  'java-missing',
  'java-too-old',
  'maven-missing',
  'platform-unsupported',
]);

/**
 * Starts the real parts and comes back when all of them serve clients. Without a `kind`: embedded, or in Docker
 * where this machine lacks what embedded parts need and an engine answers.
 */
export async function startStack(options: StackOptions = {}): Promise<Stack> {
  try {
    return await startKind(options);
  } catch (error) {
    if (error instanceof DevstackError || !saysDiskFull(messageOf(error))) throw error;
    throw diskFull(options.dataDir ?? tmpdir(), error);
  }
}

async function startKind(options: StackOptions): Promise<Stack> {
  if (options.kind === 'docker') return startDocker(options);
  try {
    return await startEmbedded(options);
  } catch (error) {
    if (options.kind !== undefined || !(error instanceof DevstackError)) throw error;
    if (!NOT_EMBEDDABLE.has(error.code) || !(await dockerAnswers())) throw error;
    options.onProgress?.(`no embedded parts (${error.code}), so Docker it is`);
    return startDocker(options);
  }
}
