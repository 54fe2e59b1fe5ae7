import type { ConnectOptions } from '@profile-warden/worker';

/** What a worker process of a test is told about where it works; it crosses a process boundary, so plain values only. */
export type HostConnection = Required<
  Pick<
    ConnectOptions,
    | 'workerId'
    | 'hostId'
    | 'brokers'
    | 'registryUrl'
    | 'topic'
    | 'partitionCount'
    | 'heartbeatEveryMs'
    | 'marginMs'
  >
>;
