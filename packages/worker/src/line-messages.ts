/** What passes between the thread of a worker's caller and the thread that has its line to the log. Plain data. */
import type { EventType, LogRecord, NewEvent } from '@profile-warden/events';
import type { KafkaConnection, KafkaSignal, LogLevel } from '@profile-warden/kafka';
import type { ReportedBrowserState } from './browser-source.ts';
import type { Instant } from './lease-deadline.ts';
import type { WorkerNotice } from './notice.ts';
import type { BrowserSource } from './browser-source.ts';

/** With which the thread starts. */
export interface LineSettings {
  readonly brokers: readonly string[];
  readonly clientId: string;
  readonly registryUrl: string;
  readonly topic: string;
  readonly partitionCount: number;
  readonly schemaIds: ReadonlyMap<EventType, number>;
  readonly source: string;
  readonly ssl: KafkaConnection['ssl'] | null;
  /** `by-caller`: its token is asked for each time. */
  readonly sasl: KafkaConnection['sasl'] | 'by-caller' | null;
  readonly incarnation: string;
  readonly heartbeatEveryMs: number;
  readonly browserAnswerMs: number;
  /** Where the caller's thread marks that it is awake, every so many ms. */
  readonly awake: SharedArrayBuffer;
  readonly awakeEveryMs: number;
}

/** Users are numbered by the caller, calls too; a call is answered by `done` or `refused`. */
export type LineOrder =
  | { readonly do: 'append'; readonly call: number; readonly events: readonly NewEvent[] }
  | { readonly do: 'listen'; readonly call: number; readonly user: number; readonly profileId: string }
  | { readonly do: 'leave' | 'urge' | 'rest'; readonly user: number }
  | { readonly do: 'beat'; readonly user: number; readonly token: number; readonly source: BrowserSource }
  | { readonly do: 'browser'; readonly user: number; readonly source: BrowserSource }
  | { readonly do: 'answer'; readonly answers: readonly BrowserAnswer[] }
  | { readonly do: 'token'; readonly value: string | null }
  | { readonly do: 'close'; readonly call: number };

export interface BrowserAnswer {
  readonly user: number;
  readonly state: ReportedBrowserState;
}

/** A record for one user, or the news that its heartbeat of that moment was read back. */
export type Heard =
  { readonly user: number; readonly record: LogRecord } | { readonly user: number; readonly sent: Instant };

export type LineWord =
  | { readonly say: 'opened' }
  | { readonly say: 'done'; readonly call: number; readonly value: readonly number[] }
  | { readonly say: 'refused'; readonly call: number; readonly detail: string }
  | { readonly say: 'heard'; readonly heard: readonly Heard[] }
  | { readonly say: 'ask'; readonly users: readonly number[] }
  | { readonly say: 'notice'; readonly notice: WorkerNotice }
  | { readonly say: 'signal'; readonly signal: KafkaSignal }
  | {
      readonly say: 'line';
      readonly level: LogLevel;
      readonly message: string;
      readonly fields: Readonly<Record<string, unknown>>;
    }
  | { readonly say: 'token-wanted' };
