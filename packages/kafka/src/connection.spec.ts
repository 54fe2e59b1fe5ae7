import { logLevel } from 'kafkajs';
import { describe, expect, it } from 'vitest';
import { bridgeLog, createKafka, type LogLevel } from './connection.ts';

describe('the log bridge', () => {
  const lines: [LogLevel, string, Readonly<Record<string, unknown>>][] = [];
  const bridge = bridgeLog((level, message, fields) => lines.push([level, message, fields]));
  const entry = (level: logLevel, message: string, fields: Readonly<Record<string, unknown>> = {}) => ({
    namespace: 'Consumer',
    level,
    label: '',
    log: { message, timestamp: 'now', groupId: 'g', ...fields },
  });

  it('keeps level, place and fields', () => {
    bridge(entry(logLevel.ERROR, 'Crash'));
    expect(lines.pop()).toEqual(['error', 'Consumer: Crash', { groupId: 'g' }]);
  });

  it('turns the alarms that belong to normal work down', () => {
    bridge(
      entry(logLevel.ERROR, 'Response AddPartitionsToTxn(key: 24, version: 1)', {
        error:
          'The producer attempted to update a transaction while another concurrent operation on the same transaction was ongoing',
      }),
    );
    bridge(
      entry(logLevel.WARN, 'Limiting retries for the idempotent producer may invalidate EoS guarantees'),
    );
    expect(lines.splice(0).map(([level]) => level)).toEqual(['debug', 'debug']);
  });

  it('is quiet without a listener, and a client is built without a word on the console', () => {
    bridgeLog(undefined)(entry(logLevel.ERROR, 'Crash'));
    const kafka = createKafka(
      { brokers: ['127.0.0.1:1'], clientId: 'spec' },
      { requestTimeoutMs: 1, retry: {} },
    );
    expect(kafka.producer({ idempotent: true, retry: { retries: 1 } })).toBeDefined();
  });
});
