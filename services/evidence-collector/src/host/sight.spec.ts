import { spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { endProcess, makeChromiumProfile, requestFor, startPerl, whereAllowed } from './host-fixture.ts';
import { lookAtHost } from './host-look.ts';
import type { HostFindings } from './request.ts';

// Each look starts real processes, and cores are shared.
vi.setConfig({ testTimeout: 60_000 });

const never = new AbortController().signal;
/** Mounts a file system in user space whose server never says a word: whoever touches it waits in the kernel. */
const MOUNT_UNANSWERED = `
  my ($folder, $number) = @ARGV;
  $^F = 99;
  open F, '+<', '/dev/fuse' or die $!;
  my ($source, $kind, $options) = ('unanswered', 'fuse', 'fd=' . fileno(F) . ',rootmode=40000,user_id=0,group_id=0');
  syscall($number + 0, $source, $folder, $kind, 0, $options) == 0 or die $!;
  print 'ready';
  sleep 60`;

const mayUnshare = spawnSync('unshare', ['--pid', '--fork', '--mount-proc', 'true']).status === 0;
const mayMount = mayUnshare && existsSync('/dev/fuse');
const inContainer = whereAllowed(mayUnshare, 'the right to make a pid namespace');
const onHungMount = whereAllowed(mayMount, 'the right to mount, and FUSE');

let folder: string;
let profile: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sight-'));
  profile = join(folder, 'profile');
  makeChromiumProfile(profile);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Looks from a pid namespace of its own, as a collector in a container does. */
function lookFromContainer(
  options: readonly string[],
  worker: 'lives-with-us' | 'lives-elsewhere',
): HostFindings {
  const program = join(import.meta.dirname, 'other-collector-fixture.ts');
  const look = [process.execPath, program, JSON.stringify(requestFor(profile)), worker];
  const { stdout, stderr } = spawnSync('unshare', ['--pid', '--fork', ...options, ...look]);
  if (stdout.length === 0) throw new Error(String(stderr));
  return JSON.parse(String(stdout)) as HostFindings;
}

inContainer('a collector in a container', () => {
  it('knows its own worker for gone, and says that it cannot see who else is on the directory', () => {
    const found = lookFromContainer(['--mount-proc'], 'lives-with-us');
    expect(found).toMatchObject({ workerAlive: { value: 'no' }, browserAlive: { value: 'no' } });
    expect(found.secondRoot).toMatchObject({ value: 'unknown' });
    expect(found.secondRoot.how).toContain('runs in a container');
  });

  it('leaves open a worker of another container', () => {
    expect(lookFromContainer(['--mount-proc'], 'lives-elsewhere')).toMatchObject({
      workerAlive: { value: 'unknown', how: 'the worker lives in another pid namespace' },
      browserAlive: { value: 'unknown' },
      directoryPresent: { value: 'yes' },
      databasesSound: { value: 'yes' },
    });
  });

  it('takes no pid from a /proc that was mounted for other processes', () => {
    const { workerAlive, browserAlive } = lookFromContainer([], 'lives-with-us');
    expect(workerAlive).toMatchObject({ value: 'unknown' });
    expect(workerAlive.how).toContain('/proc shows another pid namespace');
    expect(browserAlive.value).toBe('unknown');
  });
});

onHungMount('a mount that does not answer', () => {
  let server: ChildProcess;
  let mount: string;

  beforeEach(async () => {
    mount = join(folder, 'hung');
    mkdirSync(mount);
    const number = { x64: 165, arm64: 40 }[process.arch as 'x64' | 'arm64'];
    server = (await startPerl(MOUNT_UNANSWERED, mount, String(number))).child;
  });
  afterEach(async () => {
    await endProcess(server);
    spawnSync('umount', ['-l', mount]);
  });

  it('costs what is on it and the time that was set, no other answer, and leaves no process behind', async () => {
    const startedAt = performance.now();
    const found = await lookAtHost(requestFor(join(mount, 'profile'), { timeLimitMs: 3_000 }), never);
    // Two looks and a reading of contents, each given up at its limit.
    expect(performance.now() - startedAt).toBeLessThan(30_000);
    expect(found).toMatchObject({
      workerAlive: { value: 'no' },
      sameBoot: { value: 'yes' },
      browserAlive: { value: 'unknown' },
      directoryPresent: { value: 'unknown', how: 'no answer within 3000 ms' },
      preferencesValid: { value: 'unknown' },
      changedBetweenLooks: { value: 'unknown' },
    });
    await vi.waitFor(() => expect(lookingProcesses()).toEqual([]), 10_000);
  });

  it('under a screenshot costs nothing but the screenshot', async () => {
    const screenshot = { uri: pathToFileURL(join(mount, 'shot.png')).href, sha256: '00' };
    const found = await lookAtHost(requestFor(profile, { screenshot, timeLimitMs: 5_000 }), never);
    expect(found).toMatchObject({
      screenshotFound: { value: 'unknown', how: 'no answer within 5000 ms' },
      databasesSound: { value: 'yes' },
      browserAlive: { value: 'no' },
    });
  });
});

/** Those that this process has started and that have not ended. */
function lookingProcesses(): string[] {
  return readdirSync('/proc').filter((pid) => {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ').at(-1)?.split(' ');
      return stat?.[0] !== 'Z' && Number(stat?.[1]) === process.pid && isLooking(pid);
    } catch {
      return false;
    }
  });
}

const isLooking = (pid: string) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('look-process.ts');
