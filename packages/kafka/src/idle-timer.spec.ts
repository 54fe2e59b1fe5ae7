import { describe, expect, it } from 'vitest';
import './connection.ts';
import { cureIdleTimer } from './idle-timer.ts';
import { RequestQueue } from './kafkajs-internals.ts';

interface Queue {
  readonly pending: unknown[];
  readonly throttleCheckTimeoutId: NodeJS.Timeout | null;
  checkPendingRequests(): void;
  maybeThrottle(ms: number): void;
  push(request: object): void;
  destroy(): void;
}

const quiet = { debug: () => undefined, warn: () => undefined };
function newQueue(): Queue {
  const Class = RequestQueue as unknown as new (options: object) => Queue;
  return new Class({ requestTimeout: 1000, clientId: 'spec', broker: 'spec', logger: quiet });
}
const request = (sent: string[], name: string): object => ({
  entry: { correlationId: name, apiKey: 0, apiVersion: 0, apiName: name, reject: () => undefined },
  expectResponse: true,
  sendRequest: () => sent.push(name),
});

describe('the request queue of the library, cured', () => {
  it('arms no timer while nothing waits', () => {
    const queue = newQueue();
    queue.checkPendingRequests();
    expect(queue.throttleCheckTimeoutId).toBeNull();
  });

  it('still sends what waits for a throttle to end', async () => {
    const queue = newQueue();
    const sent: string[] = [];
    queue.maybeThrottle(30);
    queue.push(request(sent, 'late'));
    expect(sent).toEqual([]);
    expect(queue.throttleCheckTimeoutId).not.toBeNull();
    await expect.poll(() => sent).toEqual(['late']);
    expect(queue.throttleCheckTimeoutId).toBeNull();
    queue.destroy();
  });

  it('is not applied twice, and refuses a library that looks different', () => {
    const before = RequestQueue.prototype.scheduleCheckPendingRequests;
    cureIdleTimer(RequestQueue);
    expect(RequestQueue.prototype.scheduleCheckPendingRequests).toBe(before);
    expect(() => cureIdleTimer({ prototype: {} })).toThrow(/scheduleCheckPendingRequests is gone/);
  });
});
