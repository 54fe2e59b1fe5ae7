/** One core's share of the search: rooms come in one by one, their reports go out. */
import { parentPort } from 'node:worker_threads';
import { searchRoom } from './report.ts';
import type { Room } from './rooms.ts';

const port = parentPort;
if (port === null) throw new Error('this file is started as a thread by pool.ts');
port.on('message', ({ room, depth }: { room: Room; depth: number }) => {
  const report = searchRoom(room, depth);
  port.postMessage(report, [report.hashes.buffer as ArrayBuffer]);
});
