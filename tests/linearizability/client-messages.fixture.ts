import type { WriteAnswer } from './operation.fixture.ts';

/** What a client process is started with. */
export interface ClientOrders {
  readonly workerId: string;
  readonly brokers: readonly string[];
  readonly registryUrl: string;
  readonly databaseUrl: string;
  readonly target: string;
  readonly topic: string;
  readonly partitionCount: number;
  readonly hostId: string;
  readonly heartbeatEveryMs: number;
  readonly marginMs: number;
  readonly profileIds: readonly string[];
}

/** Times are those of the calendar, which all processes of one machine and its broker share. */
export type ClientWord =
  | {
      readonly kind: 'asked';
      readonly id: number;
      readonly profileId: string;
      readonly token: number;
      readonly callMs: number;
    }
  | {
      readonly kind: 'answered';
      readonly id: number;
      readonly answer: WriteAnswer;
      readonly answeredMs: number;
    };
