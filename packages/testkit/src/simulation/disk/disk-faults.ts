import { NOBODY, type FaultKind } from '../fault-kind.ts';

/** What happens to machines and to what lies on their disks. */
export const DISK_FAULTS: Readonly<Record<string, FaultKind>> = {
  'reboot of a host': {
    weight: 0.7,
    strike: ({ random, hosts, people }) => {
      const host = random.pick(hosts.hosts);
      host.reboot();
      if (random.chance(0.7)) people.reportUp(host.hostId);
      return host.bootId;
    },
  },
  'slow disk': {
    weight: 1,
    strike: ({ random, hosts, later }) => {
      const host = random.pick(hosts.hosts);
      host.isDiskSlow = true;
      later(random.between(1_000, 15_000), () => (host.isDiskSlow = false));
      return host.hostId;
    },
  },
  'browser hung': {
    weight: 1.5,
    strike: ({ random, fleet, later }) => {
      const browsers = fleet.living.flatMap(({ browser }) => browser ?? []);
      if (browsers.length === 0) return NOBODY;
      const browser = random.pick(browsers);
      browser.isHung = true;
      later(random.between(500, 12_000), () => (browser.isHung = false));
      return `pid ${browser.pid} on ${browser.hostId}`;
    },
  },
  'browser killed': {
    weight: 1,
    strike: ({ random, fleet }) => {
      const browsers = fleet.living.flatMap(({ browser }) => browser ?? []);
      if (browsers.length === 0) return NOBODY;
      const browser = random.pick(browsers);
      browser.kill();
      return `pid ${browser.pid} on ${browser.hostId}`;
    },
  },
  'damaged profile': {
    weight: 1.5,
    strike: ({ random, hosts, profileIds }) => {
      const [hostId, profileId] = [random.pick(hosts.hosts).hostId, random.pick(profileIds)];
      const directory = hosts.directory(hostId, profileId);
      const damage = random.pick([
        'removed',
        'cookies emptied',
        'preferences torn',
        'databases torn',
      ] as const);
      if (damage === 'removed') directory.remove();
      else if (damage === 'cookies emptied') directory.hasCookies = false;
      else if (damage === 'preferences torn') directory.preferences = 'torn';
      else directory.databases = 'torn';
      return `${profileId} on ${hostId}: ${damage}`;
    },
  },
};
