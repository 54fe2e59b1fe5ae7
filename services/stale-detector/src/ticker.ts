import type { Appender, Clock, NewEvent } from '@profile-warden/events';
import type { FoldAndPay } from '@profile-warden/service';

export interface TickerOptions {
  readonly appender: Appender;
  readonly clock: Clock;
  readonly tickEveryMs: number;
  readonly instanceId: string;
  readonly onFailed: (error: unknown) => void;
}

/**
 * Carries log time into the partitions in hand: one tick per interval, and none before the former has come back, so a
 * log that cannot be read does not age. Each partition is ticked by itself: one that cannot be written holds up no other.
 */
export const runTicker = async (
  runtime: Pick<FoldAndPay, 'views'>,
  options: TickerOptions,
  signal: AbortSignal,
): Promise<void> => {
  const { appender, clock, tickEveryMs, instanceId, onFailed } = options;
  const lastOffsets = new Map<number, number>();
  const dueAt = new Map<number, number>();
  const sending = new Set<number>();
  let count = 0;
  let wake = new AbortController();
  const send = async (tick: NewEvent & { readonly partition: number }): Promise<void> => {
    const { partition } = tick;
    sending.add(partition);
    try {
      const [offset = -1] = await appender.append([tick]);
      lastOffsets.set(partition, offset);
    } catch (error) {
      onFailed(error);
    }
    sending.delete(partition);
    // A tick that comes late is not made up for: log time counts what the broker saw, two intervals at most.
    if ((dueAt.get(partition) ?? 0) >= clock.now()) return;
    dueAt.set(partition, clock.now());
    wake.abort();
  };
  while (!signal.aborted) {
    wake = new AbortController();
    const now = clock.now();
    let next = now + tickEveryMs;
    for (const { state, mayAct } of runtime.views()) {
      const { partition, epoch, nextOffset } = state;
      if (sending.has(partition)) continue;
      const due = dueAt.get(partition) ?? now;
      if (due <= now) {
        dueAt.set(partition, Math.max(due + tickEveryMs, now));
        if (mayAct && (lastOffsets.get(partition) ?? -1) < nextOffset)
          void send({
            id: `ClockTicked/${partition}/${instanceId}/${count}`,
            profileId: null,
            partition,
            event: { type: 'ClockTicked', intervalMs: tickEveryMs, epoch },
          });
      }
      next = Math.min(next, dueAt.get(partition) ?? next);
    }
    count += 1;
    await clock.sleep(next - now, AbortSignal.any([signal, wake.signal]));
  }
};
