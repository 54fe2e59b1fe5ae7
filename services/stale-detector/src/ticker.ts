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
 * log that cannot be read does not age.
 */
export const runTicker = async (
  runtime: Pick<FoldAndPay, 'views'>,
  options: TickerOptions,
  signal: AbortSignal,
): Promise<void> => {
  const { appender, clock, tickEveryMs, instanceId, onFailed } = options;
  const lastOffsets = new Map<number, number>();
  let count = 0;
  let due = clock.now();
  while (!signal.aborted) {
    const ticks: (NewEvent & { readonly partition: number })[] = [];
    for (const { state, mayAct } of runtime.views()) {
      const { partition, epoch, nextOffset } = state;
      if (!mayAct || (lastOffsets.get(partition) ?? -1) >= nextOffset) continue;
      ticks.push({
        id: `ClockTicked/${partition}/${instanceId}/${count}`,
        profileId: null,
        partition,
        event: { type: 'ClockTicked', intervalMs: tickEveryMs, epoch },
      });
    }
    count += 1;
    if (ticks.length > 0)
      try {
        const offsets = await appender.append(ticks);
        ticks.forEach(({ partition }, index) => lastOffsets.set(partition, offsets[index] ?? -1));
      } catch (error) {
        onFailed(error);
      }
    // A tick that comes late is not made up for: log time counts what the broker saw, two intervals at most.
    due = Math.max(due + tickEveryMs, clock.now());
    await clock.sleep(due - clock.now(), signal);
  }
};
