/** One line of a history; `README.md` documents the fields, `history.go` checks them. */
export interface Operation {
  readonly client: string;
  readonly profile: string;
  readonly op: 'acquire' | 'release' | 'revoke' | 'write';
  readonly token?: number;
  readonly target?: string;
  readonly outcome: 'granted' | 'denied' | 'ok' | 'refused' | 'accepted' | 'unknown';
  readonly callNs: number;
  readonly returnNs: number | null;
}

/** Whole nanoseconds stay exact: a history begins near 0. */
export const nsOf = (ms: number): number => Math.round(ms * 1e6);

export const linesOf = (history: readonly Operation[]): string =>
  history.map((operation) => `${JSON.stringify(operation)}\n`).join('');

export type WriteAnswer = 'accepted' | 'refused' | 'unknown';

/** A write as its client has lived through it; one that was not answered may still take effect. */
export interface AnsweredWrite {
  readonly client: string;
  readonly profileId: string;
  readonly token: number;
  readonly target: string;
  readonly answer: WriteAnswer;
  readonly callMs: number;
  /** Null where no answer came. */
  readonly answeredMs: number | null;
}

export const writeOperation = (write: AnsweredWrite): Operation => ({
  client: write.client,
  profile: write.profileId,
  op: 'write',
  token: write.token,
  target: write.target,
  outcome: write.answeredMs === null ? 'unknown' : write.answer,
  callNs: nsOf(write.callMs),
  returnNs: write.answeredMs === null ? null : nsOf(write.answeredMs),
});
