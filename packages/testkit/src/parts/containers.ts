import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { freePort, Guard, kafkaJars } from '@profile-warden/devstack';
import type { ProvidedParts } from './provided.ts';

const PROJECT_DIR = fileURLToPath(new URL('../../../../', import.meta.url));
const COMPOSE_FILE = 'docker-compose.yml';
/** Long enough for a first pull of the three images. */
const START_BOUND_MS = 10 * 60_000;
const HEALTHY_BOUND_MS = 3 * 60_000;

export type StartedParts = { parts: ProvidedParts; stop: () => Promise<void> };

/** Testcontainers runs the same compose file as `npm start`: one description of the parts, not two. */
export async function startContainers(say: (line: string) => void): Promise<StartedParts> {
  // Loaded only here: it takes a second, and a machine without an engine has no use for it.
  const { DockerComposeEnvironment, Wait, getContainerRuntimeClient } = await import('testcontainers');
  await getContainerRuntimeClient();

  const [kafkaPort, registryPort, postgresPort] = [await freePort(), await freePort(), await freePort()];
  const password = randomBytes(12).toString('hex');
  const project = `profile-warden-test-${randomBytes(4).toString('hex')}`;
  const guard = new Guard();
  // In place of Testcontainers' own reaper, which is one more image to pull.
  const file = `${PROJECT_DIR}${COMPOSE_FILE}`;
  guard.runAtEnd('docker', ['compose', '-p', project, '-f', file, 'down', '--volumes', '--timeout', '1']);
  try {
    const compose = new DockerComposeEnvironment(PROJECT_DIR, COMPOSE_FILE)
      .withProjectName(project)
      .withAutoCleanup(false)
      .withStartupTimeout(HEALTHY_BOUND_MS)
      .withDefaultWaitStrategy(Wait.forHealthCheck())
      .withEnvironment({
        WARDEN_PORT_KAFKA: String(kafkaPort),
        WARDEN_PORT_REGISTRY: String(registryPort),
        WARDEN_PORT_POSTGRES: String(postgresPort),
        WARDEN_POSTGRES_PASSWORD: password,
      });
    await bounded(compose.up());
    const parts: ProvidedParts = {
      kind: 'docker',
      brokers: [`127.0.0.1:${kafkaPort}`],
      registryUrl: `http://127.0.0.1:${registryPort}/apis/ccompat/v7`,
      postgresUrl: `postgres://warden:${password}@127.0.0.1:${postgresPort}/warden`,
      kafkaLibsDir: await kafkaJars(say),
    };
    return { parts, stop: () => guard.end() };
  } catch (error) {
    await guard.end();
    throw error;
  }
}

async function bounded<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(
      () => reject(new Error(`the containers were not up within ${START_BOUND_MS} ms`)),
      START_BOUND_MS,
    );
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
