import type { ConnectOptions } from '@profile-warden/worker';
import type { WriteAnswer } from './operation.fixture.ts';

/** What a client process is started with. */
export interface ClientOrders {
  readonly connect: ConnectOptions;
  readonly databaseUrl: string;
  readonly target: string;
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
