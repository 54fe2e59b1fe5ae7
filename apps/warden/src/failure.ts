import { AppendError, EventRefusedError, KafkaSetupError, LogReadError } from '@profile-warden/kafka';

/** Exit codes; part of the interface, and listed by `--help`. */
export const EXIT = { done: 0, failed: 1, usage: 2, refused: 3 } as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Why a command did not do what was asked. `code` is API, the message is not. */
export class WardenFailure extends Error {
  readonly code: string;
  readonly exitCode: ExitCode;
  /** The answer that was printed says it already, so that machines are told nothing more. */
  readonly isInAnswer: boolean;

  constructor(
    exitCode: ExitCode,
    code: string,
    message: string,
    options?: ErrorOptions & { isInAnswer?: boolean },
  ) {
    super(message, options);
    this.name = 'WardenFailure';
    this.isInAnswer = options?.isInAnswer ?? false;
    this.code = code;
    this.exitCode = exitCode;
  }
}

/** Something the command needs is away or broken. */
export const failed = (code: string, message: string, cause?: unknown): WardenFailure =>
  new WardenFailure(EXIT.failed, code, message, { cause });

/** What the command found, and has printed, is not as it should be. */
export const foundWrong = (code: string, message: string): WardenFailure =>
  new WardenFailure(EXIT.failed, code, message, { isInAnswer: true });

/** The command line itself is wrong; nothing was sent. */
export const usage = (code: string, message: string): WardenFailure =>
  new WardenFailure(EXIT.usage, code, message);

/** What was asked does not fit the state of the log; nothing was changed by it. */
export const refused = (code: string, message: string): WardenFailure =>
  new WardenFailure(EXIT.refused, code, message);

export const messageOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  if (error.message !== '') return error.message;
  // A connection that failed on every address of a name has an empty message and the reasons inside.
  const inner = error instanceof AggregateError ? (error.errors as unknown[]).map(messageOf).join(', ') : '';
  return inner === '' ? error.name : inner;
};

export const failureOf = (error: unknown): WardenFailure => {
  if (error instanceof WardenFailure) return error;
  if (error instanceof AppendError)
    return failed(
      error.code === 'unknown' ? 'append-unknown' : `append-${error.code}`,
      `${error.message}. Look at the log before you try again: the record may be there.`,
      error,
    );
  if (error instanceof EventRefusedError) return usage('event-refused', error.message);
  if (error instanceof KafkaSetupError || error instanceof LogReadError)
    return failed(error.code, error.message, error);
  return failed('unexpected', messageOf(error), error);
};
