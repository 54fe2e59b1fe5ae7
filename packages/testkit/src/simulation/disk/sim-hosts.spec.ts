import type { HostFindings, HostRequest } from '@profile-warden/evidence-collector';
import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../memory/index.ts';
import { Random } from '../../walk/random.ts';
import { SimHosts, pathOf } from './sim-hosts.ts';

const started = () => {
  const clock = new VirtualClock();
  const hosts = new SimHosts({ clock, random: new Random(3), struck: () => true });
  hosts.isHealed = true;
  const host = hosts.host('h1');
  const worker = { isAlive: true, kill: (): void => void (worker.isAlive = false) };
  const request: HostRequest = {
    hostId: 'h1',
    myHostId: 'h1',
    leaseBootId: host.bootId,
    worker: { ...host.spawn(worker), pidNamespace: '' },
    directory: pathOf('p1'),
    browserKind: 'chromium',
    screenshot: null,
    firstLease: false,
    settleMs: 1_000,
    timeLimitMs: 3_000,
    now: () => clock.now(),
    sleep: (ms, signal) => clock.sleep(ms, signal),
  };
  const look = async (about: Partial<HostRequest> = {}): Promise<HostFindings> => {
    const looking = hosts.look({ ...request, ...about }, new AbortController().signal);
    await clock.advance(12_000);
    return looking;
  };
  return { clock, hosts, host, worker, request, look };
};

const values = ({ workerAlive, browserAlive, sameBoot, secondRoot, changedBetweenLooks }: HostFindings) => ({
  worker: workerAlive.value,
  browser: browserAlive.value,
  boot: sameBoot.value,
  second: secondRoot.value,
  changed: changedBetweenLooks.value,
});
const GONE = { worker: 'no', browser: 'no', boot: 'yes', second: 'no', changed: 'no' };

describe('a look', () => {
  it('finds who lives, and what is written meanwhile', async () => {
    const { hosts, look } = started();
    hosts.launch('h1', 'p1', false);
    expect(values(await look())).toEqual({ ...GONE, worker: 'yes', browser: 'yes', changed: 'yes' });
  });

  it('finds nobody where all are gone, and the lock that a kill has left', async () => {
    const { hosts, worker, look } = started();
    const browser = hosts.launch('h1', 'p1', false);
    worker.kill();
    browser?.kill();
    const found = await look();
    expect(values(found)).toEqual(GONE);
    expect([found.lockTarget, found.exitType]).toEqual([`h1-${browser?.pid ?? 0}`, 'Crashed']);
  });

  it('takes a pid that was given again for another process', async () => {
    const { clock, host, worker, request, look } = started();
    worker.kill();
    await clock.advance(1_000);
    let pid = 0;
    while (pid !== request.worker.pid) ({ pid } = host.spawn({ isAlive: true, kill: () => undefined }));
    expect(values(await look()).worker).toBe('no');
  });

  it('tells a boot from the next', async () => {
    const { host, look } = started();
    host.reboot();
    expect(values(await look())).toMatchObject({ boot: 'no', worker: 'no' });
  });

  it('sees two browsers where somebody has deleted the lock', async () => {
    const { hosts, look } = started();
    hosts.launch('h1', 'p1', false);
    expect(hosts.launch('h1', 'p1', false)).toBeNull();
    expect(hosts.launch('h1', 'p1', true)).not.toBeNull();
    expect(values(await look()).second).toBe('yes');
  });

  it('from another host can say nothing of processes, nor of a disk that is not shared', async () => {
    const { hosts, look } = started();
    hosts.launch('h1', 'p1', false);
    const found = await look({ myHostId: 'h2' });
    expect([...Object.values(values(found)), found.directoryPresent.value]).toEqual(
      Array.from({ length: 6 }, () => 'unknown'),
    );
    hosts.share('p1');
    hosts.launch('h1', 'p1', false);
    expect(values(await look({ myHostId: 'h2', storageShared: true })).changed).toBe('yes');
  });

  it('takes its time at a slow disk, and sees nothing of it', async () => {
    const { clock, host, request, hosts } = started();
    host.isDiskSlow = true;
    const looking = hosts.look(request, new AbortController().signal);
    let isOver = false;
    void looking.then(() => (isOver = true));
    await clock.advance(6_999);
    expect(isOver).toBe(false);
    await clock.advance(1);
    expect((await looking).directoryPresent.value).toBe('unknown');
  });

  it('finds what was damaged, until a browser has ended cleanly there', async () => {
    const { hosts, look } = started();
    const directory = hosts.directory('h1', 'p1');
    directory.databases = 'torn';
    directory.hasCookies = false;
    const found = await look();
    expect([found.databasesSound.value, found.cookiesKept.value]).toEqual(['no', 'no']);
    hosts.launch('h1', 'p1', false)?.close();
    const mended = await look();
    expect([mended.databasesSound.value, mended.cookiesKept.value]).toEqual(['yes', 'yes']);
    directory.remove();
    expect((await look()).directoryPresent.value).toBe('no');
  });
});
