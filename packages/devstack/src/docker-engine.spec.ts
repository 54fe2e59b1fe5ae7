import { describe, expect, it } from 'vitest';
import { composeError, requireDocker } from './docker-engine.ts';
import { kafkaVariable } from './docker.ts';
import { fakeProgram, scratch } from './scratch.ts';

describe('Docker', () => {
  it('is said to be missing when there is no docker command', async () => {
    using place = scratch();
    await expect(requireDocker({ PATH: place.dir })).rejects.toMatchObject({
      code: 'docker-missing',
      message: expect.stringContaining('No Docker engine answers') as string,
    });
  });

  it('is said to be missing when only the compose plugin is', async () => {
    using place = scratch();
    const env = fakeProgram(place.dir, 'docker', '[ "$1" = version ]');
    await expect(requireDocker(env)).rejects.toMatchObject({
      code: 'docker-missing',
      message: expect.stringContaining('compose plugin') as string,
    });
  });

  it.each([
    ['Bind for 127.0.0.1:9092 failed: port is already allocated', 'port-taken'],
    ['write /var/lib/docker/tmp: no space left on device', 'disk-full'],
    [
      'Error response from daemon: Get "https://registry.example/v2/": dial tcp: no such host',
      'download-failed',
    ],
    ['container profile-warden-1-registry-1 exited (1)', 'part-died'],
  ])('that says "%s" means %s', (output, code) => {
    expect(composeError(output, '/data').code).toBe(code);
  });

  it('gets broker settings under the names that the image reads', () => {
    expect(kafkaVariable('group.min.session.timeout.ms')).toBe('KAFKA_GROUP_MIN_SESSION_TIMEOUT_MS');
    expect(kafkaVariable('a_b-c.d')).toBe('KAFKA_A__B___C_D');
  });
});
