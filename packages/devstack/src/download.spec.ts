import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { download } from './download.ts';
import { fakeProgram, scratch, type Scratch } from './scratch.ts';

const FIND_TARGET = 'for a; do case "$a" in -Ddevstack.target=*) target=${a#*=};; esac; done';

function mavenThat(place: Scratch, script: string): NodeJS.ProcessEnv {
  const env = fakeProgram(place.dir, 'mvn', `${FIND_TARGET}\necho run >> ${place.dir}/runs\n${script}`);
  return { ...env, WARDEN_CACHE_DIR: join(place.dir, 'cache') };
}

function runCount(place: Scratch): number {
  return readFileSync(join(place.dir, 'runs'), 'utf8').split('\n').length - 1;
}

const WORKS = ': > "$target/kafka_2.13-4.4.0.jar"';

describe('fetching the jars', () => {
  it('says so when there is no Maven', async () => {
    using place = scratch();
    const env = { PATH: place.dir, WARDEN_CACHE_DIR: join(place.dir, 'cache') };
    await expect(download('kafka', { env })).rejects.toMatchObject({
      code: 'maven-missing',
      message: expect.stringContaining('Docker') as string,
    });
  });

  it('fetches once and tells it', async () => {
    using place = scratch();
    const env = mavenThat(place, WORKS);
    const lines: string[] = [];
    const first = await download('kafka', { env, onProgress: (line) => lines.push(line) });
    const second = await download('kafka', { env, onProgress: (line) => lines.push(line) });
    expect(second).toEqual(first);
    expect(first.version).toBe('4.4.0');
    expect(runCount(place)).toBe(1);
    expect(lines.at(-1)).toBe('fetched Kafka 4.4.0');
  });

  it('fetches once when two want it at the same time', async () => {
    using place = scratch();
    const env = mavenThat(place, `/bin/sleep 0.3\n${WORKS}`);
    await Promise.all([download('kafka', { env }), download('kafka', { env })]);
    expect(runCount(place)).toBe(1);
  });

  it('leaves nothing half fetched behind when Maven fails, and shows what Maven said', async () => {
    using place = scratch();
    const env = mavenThat(place, `: > "$target/half.jar"\necho '[ERROR] no route to repository'\nexit 1`);
    await expect(download('kafka', { env })).rejects.toMatchObject({
      code: 'download-failed',
      message: expect.stringContaining('no route to repository') as string,
    });
    expect(readdirSync(join(place.dir, 'cache'))).toEqual([]);
  });

  it('does not take an empty download for a good one', async () => {
    using place = scratch();
    await expect(download('kafka', { env: mavenThat(place, 'exit 0') })).rejects.toMatchObject({
      code: 'download-failed',
    });
  });

  it('knows a full disk', async () => {
    using place = scratch();
    const env = mavenThat(place, `echo '[ERROR] write failed: No space left on device'\nexit 1`);
    await expect(download('kafka', { env })).rejects.toMatchObject({ code: 'disk-full' });
  });
});
