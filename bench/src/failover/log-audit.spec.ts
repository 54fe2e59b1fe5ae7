import type { LogRecord } from '@profile-warden/events';
import { authorityPays, granted, logOf, request } from '@profile-warden/testkit/spec';
import { describe, expect, it } from 'vitest';
import { auditOf, isSound } from './log-audit.ts';

const heard = (asked: readonly string[], grants = asked) => ({
  asked: new Set(asked),
  granted: new Set(grants),
});

const auditOfLog = (records: readonly LogRecord[], known = heard(['r1'])) =>
  auditOf({ records: new Map([[0, records]]), violations: [] }, known);

/** A log with one request that was granted, and its last record again, changed. */
const sound = () => logOf(granted()).records;
const withAnother = (change: (event: object) => object): LogRecord[] => {
  const records = sound();
  const grant = records.find(({ event }) => event.type === 'LeaseGranted');
  if (grant === undefined) throw new Error('no grant');
  const offset = records.length + 10;
  return [...records, { ...grant, offset, event: change(grant.event) as LogRecord['event'] }];
};

describe('the audit of a log under load', () => {
  it('is content with one answer to each request, all of which the log has', () => {
    const audit = auditOfLog(sound());
    expect(audit).toMatchObject({ requests: 1, answered: 1, answeredTwice: 0, doubleGrants: 0, lost: 0 });
    expect(isSound(audit)).toBe(true);
  });

  it('is not where a request waits for its answer', () => {
    const audit = auditOfLog(logOf(granted(), request('r2', { incarnation: 'i2', waitMs: 60_000 })).records);
    expect(audit).toMatchObject({ requests: 2, answered: 1 });
    expect(isSound(audit)).toBe(false);
  });

  it('is not where a request was answered again, or a token granted again', () => {
    const again = auditOfLog(withAnother((event) => ({ ...event, token: 2 })));
    expect(again).toMatchObject({ requests: 1, answeredTwice: 1, doubleGrants: 0 });
    const doubled = auditOfLog(withAnother((event) => ({ ...event, requestId: 'other' })));
    expect(doubled).toMatchObject({ answeredTwice: 0, doubleGrants: 1 });
    for (const audit of [again, doubled]) expect(isSound(audit)).toBe(false);
  });

  it('is not where the log lacks what a client was told', () => {
    for (const known of [heard(['r1', 'gone'], ['r1']), heard(['r1'], ['r1', 'gone'])]) {
      const audit = auditOfLog(sound(), known);
      expect(audit.lost).toBe(1);
      expect(isSound(audit)).toBe(false);
    }
  });

  it('is not where an authority has decided under an epoch that had ended', () => {
    const records = logOf(granted(), request('r2', { incarnation: 'i2' }), authorityPays).records;
    const late = records.map((record) => ({
      ...record,
      event: record.event.type === 'LeaseDenied' ? { ...record.event, epoch: -1 } : record.event,
    }));
    const audit = auditOfLog(late, heard(['r1', 'r2'], ['r1']));
    expect(audit.staleDecisions).toBe(1);
    expect(isSound(audit)).toBe(false);
  });
});
