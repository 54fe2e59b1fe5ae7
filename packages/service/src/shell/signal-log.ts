import type { Logger } from 'pino';
import type { RuntimeSignals, SignalHandlers } from '../runtime/signals.ts';

type Level = 'debug' | 'info' | 'warn' | 'error';
type Line<K extends keyof RuntimeSignals> = readonly [Level, string | ((about: RuntimeSignals[K]) => string)];

/** Each signal's line; null where it happens too often for one. */
const LINES: { readonly [K in keyof RuntimeSignals]: Line<K> | null } = {
  assigned: ['info', 'partition assigned'],
  revoked: ['info', 'partition revoked'],
  restoring: ['info', 'restoring'],
  'snapshot-used': ['info', 'a snapshot of the read model is the start, the log goes on from it'],
  'snapshot-refused': ['warn', ({ reason }) => `the snapshot is not used (${reason}), the log is replayed`],
  'caught-up': ['info', 'restored, paying what is owed'],
  fenced: ['warn', 'another has taken the partition over'],
  lost: ['warn', 'the right to pay is lost; taking over again once the group confirms the partition'],
  'opening-failed': ['warn', 'the partition could not be opened, trying again'],
  folded: null,
  ignored: ['debug', 'a record changed nothing'],
  'authority-event-ignored': ['error', 'ALARM: a decision of the current epoch was ignored by the fold'],
  decided: ['info', ({ eventType }) => `appended ${eventType}`],
  'payment-failed': ['warn', 'a payment failed, what is still owed is paid again'],
  'work-failed': ['warn', 'work for a profile failed, trying again'],
  parked: ['error', 'ALARM: what is owed cannot be encoded, it is set aside until its profile changes'],
  unconfirmed: ['debug', 'nothing is paid before the group confirms the partition'],
  'schema-awaited': ['warn', 'a record waits for a schema that the registry does not give'],
  'schema-known': ['info', 'the schema that was waited for is there'],
  'brokers-unreachable': ['warn', 'no broker answers, trying again'],
  'partition-leaderless': [
    'error',
    'ALARM: no broker leads the partition, it stands still and the others go on',
  ],
  'partition-led': ['info', 'a broker leads the partition again'],
};

/** One log line per thing that happened. */
export const signalLog = (log: Logger): SignalHandlers =>
  Object.fromEntries(
    Object.entries(LINES).flatMap(([type, line]) =>
      line === null ? [] : [[type, write(log, line as Line<keyof RuntimeSignals>)]],
    ),
  );

const write =
  (log: Logger, [level, text]: Line<keyof RuntimeSignals>) =>
  (about: RuntimeSignals[keyof RuntimeSignals]): void => {
    const { error, type: _type, ...fields } = about as { error?: unknown; type?: unknown };
    const message = typeof text === 'string' ? text : (text as (about: unknown) => string)(about);
    log[level](error === undefined ? fields : { ...fields, err: error }, message);
  };
