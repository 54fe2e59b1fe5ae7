import { Worker } from 'node:worker_threads';
import type { RoomReport } from './report.ts';
import type { Room } from './rooms.ts';

/** What one thread may use; a room of two million states needs about 3 GiB. */
const MAX_HEAP_MIB = 10_240;

export interface Task {
  readonly room: Room;
  readonly depth: number;
}

/**
 * Searches the rooms on so many threads, each taking the next room as it gets free. With `isFirstEnough` no room is
 * begun, and none waited for, once a violation has been found.
 */
export const searchAll = async (
  tasks: readonly Task[],
  threadCount: number,
  isFirstEnough: boolean,
): Promise<readonly RoomReport[]> => {
  const waiting = [...tasks];
  const reports: RoomReport[] = [];
  const threads: Worker[] = [];
  await Promise.all(
    Array.from({ length: Math.min(threadCount, tasks.length) }, async () => {
      const thread = new Worker(new URL('./thread.ts', import.meta.url), {
        resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MIB },
      });
      threads.push(thread);
      for (let task = waiting.shift(); task !== undefined; task = waiting.shift()) {
        const report = await search(thread, task);
        if (report === null) return;
        reports.push(report);
        if (report.story === null || !isFirstEnough) continue;
        waiting.length = 0;
        await Promise.all(threads.map((one) => one.terminate()));
      }
      await thread.terminate();
    }),
  );
  const order = new Map(tasks.map(({ room }, index) => [room.name, index]));
  return reports.sort((left, right) => (order.get(left.room) ?? 0) - (order.get(right.room) ?? 0));
};

/** Null when the thread was ended before it came to a result. */
const search = (thread: Worker, task: Task): Promise<RoomReport | null> =>
  new Promise((resolve, reject) => {
    thread.once('message', (report: RoomReport) => resolve(report));
    thread.once('error', reject);
    thread.once('exit', () => resolve(null));
    thread.postMessage(task);
  });
