import { emptyPartition, foldRecord } from '@profile-warden/domain';
import type { LogRecord } from '@profile-warden/events';
import {
  beat,
  granted,
  hostReported,
  inReview,
  logOf,
  type Move,
  silentInPayment,
  stepStarted,
  workerStarted,
} from '@profile-warden/testkit/spec';
import { describe, expect, it } from 'vitest';
import { Timeline, timelineLine, type TimelineEntry } from './timeline.ts';

const timelineOf = (records: readonly LogRecord[], all = false): TimelineEntry[] => {
  const entries: TimelineEntry[] = [];
  const timeline = new Timeline('p1', { all, onEntry: (entry) => entries.push(entry) });
  const state = emptyPartition(0);
  for (const record of records) timeline.take(foldRecord(state, record));
  timeline.flush();
  return entries;
};

const of = (...moves: readonly Move[]): TimelineEntry[] => timelineOf(logOf(...moves).records);

describe('a timeline', () => {
  it('tells a case from the request to the decision, with the stages it led to', () => {
    const entries = timelineOf(inReview().records);
    expect(entries.map(({ stage }) => stage).filter((stage) => stage !== null)).toEqual([
      'held',
      'suspected-stale',
      'quarantined',
      'inspected',
      'manual-review',
    ]);
    const last = timelineLine(entries.at(-1) as TimelineEntry);
    expect(last).toContain('manual-review by rule sensitive-open');
    expect(last).toMatch(/^ +\d+ {2}20\d\d-\d\d-\d\dT.+Z {2}\d\d:\d\d:\d\d\.\d{3} {2}t1 /);
  });

  it('says heartbeats in a row in one line, and in one each where it is asked to', () => {
    const log = logOf(granted(), beat(), beat(), beat(), stepStarted('read', 'read'), beat());
    const lines = timelineOf(log.records).map(timelineLine);
    expect(lines.filter((line) => /heartbeat/.test(line))).toHaveLength(2);
    expect(lines.join('\n')).toMatch(/… 3 heartbeats, last at offset \d+/);
    expect(timelineOf(log.records, true).filter(({ type }) => type === 'Heartbeat')).toHaveLength(4);
  });

  it('marks what the fold ignored with the reason, and what came after the lease as late', () => {
    const entries = of(
      granted(),
      beat('reachable', { token: 7 }),
      beat('reachable', { incarnation: 'other' }),
      silentInPayment,
      beat(),
    );
    const lines = entries.map(timelineLine);
    expect(lines.some((line) => line.includes('[ignored, unknown-token: its token was never granted]'))).toBe(
      true,
    );
    expect(lines.some((line) => line.includes('[ignored, wrong-incarnation'))).toBe(true);
    expect(entries.at(-1)).toMatchObject({ type: 'Heartbeat', folded: 'late' });
  });

  it('never mixes heartbeats that the fold treated differently', () => {
    const entries = of(
      granted(),
      beat(),
      beat('reachable', { token: 7 }),
      beat('reachable', { token: 7 }),
      beat(),
    );
    expect(entries.filter(({ type }) => type === 'Heartbeat').map(({ count }) => count)).toEqual([1, 2, 1]);
  });

  it("shows what was said of the holder's worker and host, and of no other", () => {
    const entries = of(
      granted(),
      workerStarted('i2'),
      workerStarted('i9', { workerId: 'w9' }),
      hostReported('dead'),
      hostReported('dead', { hostId: 'h9' }),
    );
    expect(entries.map(({ type }) => type)).toEqual([
      'LeaseRequested',
      'LeaseGranted',
      'WorkerStarted',
      'HostReported',
    ]);
  });
});
