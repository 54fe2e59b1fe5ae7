import type { ConnectOptions, WorkerNotice } from '@profile-warden/worker';

export interface WorkerOrders {
  readonly options: Pick<
    ConnectOptions,
    'workerId' | 'brokers' | 'registryUrl' | 'topic' | 'heartbeatEveryMs' | 'marginMs'
  >;
  /** To whom its tokens belong. */
  readonly user: string;
  readonly caFile: string;
  readonly profileId: string;
}

/** After each step. */
export interface WorkerNews {
  readonly stepCount: number;
  readonly tokenCount: number;
  readonly notices: readonly WorkerNotice[];
}
