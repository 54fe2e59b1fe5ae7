import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { connectWorker } from '@profile-warden/worker';
import type { HostConnection } from './host-connection.fixture.ts';
import { historyOf, type HistoryName } from './host-histories.fixture.ts';

/** What a worker of the host is started with. */
export interface HostWorkerOrders extends HostConnection {
  readonly leases: readonly {
    readonly profileId: string;
    readonly directory: string;
    readonly history: HistoryName;
  }[];
}

// Longer than any test.
const HELD_S = 600;

const orders = JSON.parse(process.argv[2] ?? '{}') as HostWorkerOrders;
process.on('disconnect', () => process.exit(1));

/** Stands in for a browser: a process that holds the profile open. It dies with the host, or after a while. */
function browse(directory: string): () => boolean {
  const held = openSync(join(directory, 'held'), 'a');
  const child = spawn('sleep', [String(HELD_S)], { stdio: ['ignore', 'ignore', 'ignore', held] });
  closeSync(held);
  return () => child.exitCode === null && child.signalCode === null;
}

const { leases, ...connection } = orders;
const worker = await connectWorker(connection);
await Promise.all(
  leases.map(async ({ profileId, directory, history }) => {
    const { readOnly = false, isStarting = false, work } = historyOf(history);
    const lease = await worker.acquire({
      profileId,
      taskId: `task of ${profileId}`,
      readOnly,
      browser: { kind: 'chromium' },
      profileDirectory: directory,
    });
    const isUp = browse(directory);
    lease.browserState(() => (isStarting ? 'starting' : isUp() ? 'reachable' : 'unreachable'));
    await work(lease);
  }),
);
process.send?.('at work');
