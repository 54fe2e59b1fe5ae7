import { NOBODY, type FaultKind } from './fault-kind.ts';
import { SIM_POLICY } from './sim-policy.ts';

/** Per log, when its broker's clock last went forward by too much. */
const lastJumpMs = new WeakMap<object, number>();

/** What happens to the broker, to its groups and to records. */
export const LOG_FAULTS: Readonly<Record<string, FaultKind>> = {
  rebalance: {
    weight: 2,
    strike: ({ random, services, log }) => {
      const { group } = random.pick(services).kind;
      log.group(group).rotate();
      return group;
    },
  },
  'broker outage': {
    weight: 1,
    strike: ({ random, network, later }) => {
      network.isOut = true;
      later(random.between(200, 6_000), () => (network.isOut = false));
      return 'the broker';
    },
  },
  'broker clock jump': {
    weight: 1,
    strike: ({ random, log }) => {
      const now = log.clock.now();
      if (random.chance(0.5)) log.brokerSkewMs -= random.between(10, 3_000);
      // Forward not more than once in a lease, which is what the margin is made for.
      else if (now - (lastJumpMs.get(log) ?? -Infinity) > SIM_POLICY.leaseMs) {
        log.brokerSkewMs += random.between(10, 3_000);
        lastJumpMs.set(log, now);
      }
      return `off by ${log.brokerSkewMs} ms now`;
    },
  },
  /** A send whose acknowledgement was lost is made again. */
  'repeated record': {
    weight: 3,
    strike: ({ random, log }) => {
      const partition = random.whole(log.partitionCount);
      const { records } = log.committed(partition);
      if (records.length === 0) return NOBODY;
      const { event, profileId, id } = random.pick(records.slice(-10));
      if (event.type === 'foreign' || event.type === 'undecodable' || event.type === 'ClockTicked')
        return NOBODY;
      if ('epoch' in event || event.type === 'AuthorityEpochStarted') return NOBODY;
      log.write({ id, profileId, partition, event });
      return `${event.type} ${id}`;
    },
  },
  'damaged record': {
    weight: 0.3,
    strike: ({ random, log, profileIds }) => {
      const profileId = random.pick(profileIds);
      const event = random.chance(0.5)
        ? ({ type: 'undecodable', claimedType: 'StepStarted', detail: 'cut short' } as const)
        : ({ type: 'foreign', detail: 'no magic byte' } as const);
      log.damage(log.partitionOf(profileId), event.type === 'foreign' ? null : profileId, event);
      return event.type;
    },
  },
};
