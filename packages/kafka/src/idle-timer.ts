import type { RequestQueueClass } from './kafkajs-internals.ts';

const cured = new WeakSet<object>();

/**
 * Every kafkajs connection re-arms a timer for requests that wait for a throttle to end, also when none waits, and
 * with a negative delay: some 850 wake-ups a second for each idle connection, and a warning from Node 24. A request
 * that is to wait is put into the queue first and the timer is armed after that, so nothing is missed by arming it
 * only while the queue has something in it.
 */
export function cureIdleTimer(queue: RequestQueueClass): void {
  const proto = queue.prototype;
  if (cured.has(proto)) return;
  const arm = proto.scheduleCheckPendingRequests;
  if (typeof arm !== 'function')
    throw new Error(
      'kafkajs: RequestQueue.scheduleCheckPendingRequests is gone, its idle timer is not cured',
    );
  proto.scheduleCheckPendingRequests = function () {
    if (this.pending.length > 0) arm.call(this);
  };
  cured.add(proto);
}
