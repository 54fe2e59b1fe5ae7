import type { HostConnection } from './host-connection.fixture.ts';

/** What is planted where a careless program could pick it up. */
export type Secrets = Readonly<
  Record<
    | 'cookie'
    | 'password'
    | 'queryToken'
    | 'pathToken'
    | 'fragment'
    | 'userInfo'
    | 'pageText'
    | 'proxyPassword'
    | 'signature',
    string
  >
>;

export interface SecretWorkerOrders {
  readonly connection: HostConnection;
  readonly profileId: string;
  readonly taskId: string;
  readonly directory: string;
  /** Name of a step; it is in the log by right. */
  readonly stepName: string;
  readonly secrets: Secrets;
}

/** The worker has come to where it stays. */
export interface SecretWorkerWord {
  readonly browserPid: number;
  readonly token: number;
  /** What the site was sent by the form that was filled in. */
  readonly posted: string;
}
