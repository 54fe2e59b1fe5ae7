import { execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createDatabase } from './database.ts';
import { until } from './deadline.ts';
import { docker, dockerAnswers } from './docker-engine.ts';
import { kafkaAnswers } from './kafka-probe.ts';
import { startStack } from './stack-start.ts';

const IMAGES = ['apache/kafka:4.4.0', 'apicurio/apicurio-registry:3.0.9', 'postgres:18'];
const STACK = new URL('./stack-start.ts', import.meta.url).href;
const BOUND_MS = 90_000;

async function canRun(): Promise<boolean> {
  if (!(await dockerAnswers())) return false;
  return docker(['image', 'inspect', ...IMAGES]).then(
    () => true,
    () => false,
  );
}

function containersOf(project: string): string {
  return execFileSync('docker', ['ps', '-aq', '--filter', `label=com.docker.compose.project=${project}`], {
    encoding: 'utf8',
  }).trim();
}

// An image that is not there would be pulled: minutes that a test run must not spend unasked.
const withDocker: (name: string, tests: () => void) => void = (await canRun())
  ? describe
  : (name) => {
      it(name, ({ skip }) => skip('needs a Docker engine that has the images of docker-compose.yml'));
    };

withDocker('a stack in Docker', () => {
  it('serves clients, survives the end of a part and leaves nothing behind', async () => {
    const brokerConfig = { 'group.min.session.timeout.ms': '1000' };
    const stack = await startStack({ kind: 'docker', brokerConfig });
    onTestFinished(() => stack.stop());
    expect(stack.brokerVersion).toBe('4.4.0');
    await createDatabase(stack.postgresUrl, 'kept');
    await stack.killPart('postgres');
    await stack.restartPart('postgres');
    await expect(createDatabase(stack.postgresUrl, 'kept')).rejects.toThrow(/already exists/);
    expect(await kafkaAnswers(Number(stack.brokers[0]?.split(':')[1]))).toBe(true);
    expect((await fetch(`${stack.registryUrl}/subjects`)).status).toBe(200);
    await stack.stop();
    expect(existsSync(stack.dataDir)).toBe(false);
  }, 180_000);

  it('ends with the program that started it, when that is killed', async () => {
    const program = `
      import { startStack } from '${STACK}';
      const say = (line) => console.log(line);
      await startStack({ kind: 'docker', parts: ['postgres'], onProgress: say });
      console.log('up');
      setInterval(() => undefined, 1000);
    `;
    const owner = spawn(process.execPath, ['--input-type=module', '-e', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    onTestFinished(() => void owner.kill('SIGKILL'));
    let output = '';
    owner.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    expect(await until(() => output.endsWith('up\n'), BOUND_MS)).toBe(true);
    const project = /-p (profile-warden-\w+)/.exec(output)?.[1] ?? 'none';
    expect(containersOf(project)).not.toBe('');
    owner.kill('SIGKILL');
    expect(await until(() => containersOf(project) === '', BOUND_MS, 500)).toBe(true);
  }, 180_000);
});
