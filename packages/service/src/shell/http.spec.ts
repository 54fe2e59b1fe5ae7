import { describe, expect, it } from 'vitest';
import { SignalHub, type RuntimeSignal } from '../runtime/signals.ts';
import { healthServer } from './http.ts';
import { RuntimeMetrics } from './metrics.ts';

const FOLDED = { type: 'folded', partition: 3, count: 5, logMs: 40_000, nextOffset: 17 } as const;

describe('the endpoints of a service', () => {
  const metrics = new RuntimeMetrics('stale-detector');
  metrics.watchEnds(() => new Map([[3, 29]]));
  const hub = new SignalHub();
  hub.subscribe(metrics.handlers);
  let isReady = false;
  let stalls: readonly string[] = [];
  const server = healthServer(
    {
      stalls: () => stalls,
      isReady: () => isReady,
      details: () => [{ partition: 3, live: isReady }],
      states: () => [{ partition: 3, nextOffset: 17, hash: 'abc' }],
    },
    metrics.registry,
  );

  it('/livez says yes while things move, restored or not, and else what does not', async () => {
    const answer = await server.inject('/livez');
    expect([answer.statusCode, answer.json()]).toEqual([200, { live: true, stalls: [] }]);
    stalls = ['partition 3 is live at offset 17 for 60001 ms'];
    const stuck = await server.inject('/livez');
    expect([stuck.statusCode, stuck.json()]).toEqual([503, { live: false, stalls }]);
  });

  it('/readyz is 503 until every partition in hand is live, and tells where each stands', async () => {
    const before = await server.inject('/readyz');
    expect([before.statusCode, before.json()]).toEqual([
      503,
      { ready: false, partitions: [{ partition: 3, live: false }] },
    ]);
    isReady = true;
    const after = await server.inject('/readyz');
    expect([after.statusCode, after.json()]).toEqual([
      200,
      { ready: true, partitions: [{ partition: 3, live: true }] },
    ]);
  });

  it('/state tells what is folded, to be held against other services', async () => {
    const answer = await server.inject('/state');
    expect(answer.json()).toEqual({ partitions: [{ partition: 3, nextOffset: 17, hash: 'abc' }] });
  });

  it('/metrics tells what the signals have said, with the name of the service', async () => {
    const about = { partition: 3, offset: 9, eventType: 'LeaseGranted', reason: 'token-not-new' };
    const signals: readonly RuntimeSignal[] = [
      { type: 'assigned', partition: 3, end: 12 },
      FOLDED,
      { type: 'caught-up', partition: 3, nextOffset: 17, restoreMs: 20 },
      { ...FOLDED, count: 2, nextOffset: 19 },
      { type: 'ignored', ...about, eventType: 'Heartbeat', reason: 'stale-token' },
      { type: 'authority-event-ignored', ...about },
      { type: 'decided', partition: 3, profileId: 'p1', eventType: 'SuspectedStale', token: 1, offset: 18 },
      { type: 'payment-failed', partition: 3, count: 1, error: new Error('no broker') },
      { type: 'lost', partition: 3, error: new Error('fenced') },
    ];
    for (const signal of signals) hub.emit(signal);
    const answer = await server.inject('/metrics');
    expect(answer.headers['content-type']).toContain('text/plain');
    const lines = answer.body.split('\n').filter((line) => line.startsWith('warden_'));
    const of = 'service="stale-detector"';
    expect(lines).toEqual([
      `warden_records_folded_total{partition="3",${of}} 7`,
      `warden_records_ignored_total{event_type="Heartbeat",reason="stale-token",${of}} 1`,
      `warden_authority_events_ignored_total{event_type="LeaseGranted",reason="token-not-new",${of}} 1`,
      `warden_events_appended_total{event_type="SuspectedStale",${of}} 1`,
      `warden_failures_total{kind="payment-failed",${of}} 1`,
      `warden_failures_total{kind="lost",${of}} 1`,
      `warden_position{partition="3",${of}} 19`,
      `warden_log_time_ms{partition="3",${of}} 40000`,
      `warden_partition_live{partition="3",${of}} 1`,
      // Ten offsets behind, and all that passed were records.
      `warden_lag_events{partition="3",${of}} 10`,
    ]);
  });

  it('/metrics tells of a partition that a snapshot has brought to the end of the log: no lag', async () => {
    hub.emit({ type: 'revoked', partition: 3 });
    hub.emit({ type: 'snapshot-used', partition: 3, nextOffset: 29, profileCount: 1, tookMs: 1 });
    const { body } = await server.inject('/metrics');
    expect(body).toContain('warden_lag_events{partition="3",service="stale-detector"} 0');
    expect(body).toContain('warden_position{partition="3",service="stale-detector"} 29');
  });

  it('/metrics shows a partition that was revoked as not live', async () => {
    hub.emit({ type: 'revoked', partition: 3 });
    const { body } = await server.inject('/metrics');
    expect(body).toContain('warden_partition_live{partition="3",service="stale-detector"} 0');
  });
});
