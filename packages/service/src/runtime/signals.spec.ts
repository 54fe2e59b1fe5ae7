import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { RuntimeMetrics } from '../shell/metrics.ts';
import { signalLog } from '../shell/signal-log.ts';
import { SignalHub, type RuntimeSignal } from './signals.ts';

const LOST: RuntimeSignal = { type: 'lost', partition: 2, error: new Error('no answer') };

describe('signals', () => {
  it('go to everybody who has subscribed to their type, and to nobody else', () => {
    const hub = new SignalHub();
    const heard: string[] = [];
    hub.subscribe({ lost: ({ partition }) => heard.push(`first ${partition}`) });
    hub.subscribe({
      lost: ({ partition }) => heard.push(`second ${partition}`),
      fenced: () => heard.push('no'),
    });
    hub.emit(LOST);
    expect(heard).toEqual(['first 2', 'second 2']);
  });

  it('reach the others although one listener throws', () => {
    const hub = new SignalHub();
    let heard = 0;
    hub.subscribe({
      lost: () => {
        throw new Error('disk full');
      },
    });
    hub.subscribe({ lost: () => (heard += 1) });
    expect(() => hub.emit(LOST)).not.toThrow();
    expect(heard).toBe(1);
  });

  it('are lines of the log with their level, an error apart from the other fields', () => {
    const lines: Record<string, unknown>[] = [];
    const log = pino({ level: 'info' }, { write: (line) => lines.push(JSON.parse(line) as never) });
    const hub = new SignalHub();
    hub.subscribe(signalLog(log));
    hub.emit(LOST);
    hub.emit({ type: 'snapshot-refused', partition: 2, reason: 'damaged', detail: 'its hash differs' });
    hub.emit({ type: 'folded', partition: 2, count: 1, logMs: 0, nextOffset: 1 });
    hub.emit({ type: 'unconfirmed', partition: 2 });
    expect(lines).toEqual([
      expect.objectContaining({
        level: 40,
        partition: 2,
        err: expect.objectContaining({ message: 'no answer' }) as object,
      }),
      expect.objectContaining({
        level: 40,
        detail: 'its hash differs',
        msg: 'the snapshot is not used (damaged), the log is replayed',
      }),
    ]);
  });

  it('of failures are counted by their name', async () => {
    const metrics = new RuntimeMetrics('any');
    const hub = new SignalHub();
    hub.subscribe(metrics.handlers);
    hub.emit(LOST);
    hub.emit({ type: 'brokers-unreachable', detail: 'connect ECONNREFUSED' });
    const text = await metrics.registry.metrics();
    expect(text).toContain('warden_failures_total{kind="lost",service="any"} 1');
    expect(text).toContain('warden_failures_total{kind="brokers-unreachable",service="any"} 1');
  });
});
