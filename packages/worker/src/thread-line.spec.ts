import { describe, expect, it } from 'vitest';
import { AwakeMark } from './awake-mark.ts';
import { HandAuthority } from './authority.fixture.ts';
import type { Lease } from './lease.ts';
import { LineHost } from './line-host.ts';
import type { LineWord } from './line-messages.ts';
import { LocalLine } from './local-line.ts';
import { MemoryLog, VirtualClock, settle } from './memory-log.fixture.ts';
import type { WorkerNotice } from './notice.ts';
import { scanEveryMs } from './review-timer.ts';
import { ThreadLine } from './thread-line.ts';
import { Worker } from './worker.ts';
import type { WorkerOptions } from './worker-options.ts';

const HEARTBEAT_MS = 10_000;
/** leaseMs − marginMs */
const LIMIT_MS = 95_000;
const host = { hostId: 'h1', bootId: 'b1', pid: 7, processStart: 99, pidNamespace: 'pid:[1]' };

/** A worker here, its line with a clock of its own there, and messages between them that are copied as threads do. */
class TwoThreads {
  readonly log = new MemoryLog(1);
  /** Of the thread that has the line. */
  readonly clock = new VirtualClock();
  readonly authority = new HandAuthority(this.log);
  readonly notices: WorkerNotice[] = [];
  readonly line: ThreadLine;
  readonly #callerClock = new VirtualClock();
  readonly #unread: LineWord[] = [];
  #isBlocked = false;

  constructor() {
    const memory = AwakeMark.memory();
    const [mark, seen] = [new AwakeMark(memory), new AwakeMark(memory)];
    const local = new LocalLine(this.log, this.clock, {
      incarnation: 'inc1',
      heartbeatEveryMs: HEARTBEAT_MS,
      browserAnswerMs: 2_000,
      notice: (told) => this.notices.push(told),
      callerLagMs: () => seen.lagMs(this.clock.now() + 1, scanEveryMs(HEARTBEAT_MS)),
    });
    const there = new LineHost(local, (word) => {
      this.#unread.push(structuredClone(word));
      if (!this.#isBlocked) setImmediate(() => this.#read());
    });
    this.line = new ThreadLine(1, {
      post: (order) => {
        const copy = structuredClone(order);
        setImmediate(() => there.take(copy));
      },
      end: () => Promise.resolve(),
    });
    this.awake = (now) => mark.mark(now + 1);
  }

  readonly awake: (now: number) => void;

  worker(options: Partial<WorkerOptions> = {}): Promise<Worker> {
    const { line, awake, notices } = this;
    const parts = { line, awake, clock: this.#callerClock, host, incarnation: 'inc1' };
    return Worker.run(parts, { workerId: 'w1', onNotice: (told) => notices.push(told), ...options });
  }

  async lease(worker: Worker, profileId = 'p1'): Promise<Lease> {
    const asked = worker.acquire({ profileId, taskId: 't1' });
    await this.calm();
    this.authority.grant(profileId);
    await this.calm();
    return asked;
  }

  /** Messages are a few turns on their way, there and back. */
  async calm(): Promise<void> {
    for (let turn = 0; turn < 12; turn += 1) await settle();
  }

  /** Time that both threads live through. */
  async pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 250) {
      await Promise.all([this.clock.advance(250), this.#callerClock.advance(250)]);
      await this.calm();
    }
  }

  /** The caller's thread does not come round to anything; the other one does. */
  async block(ms: number): Promise<void> {
    this.#isBlocked = true;
    await this.clock.advance(ms);
    this.#callerClock.freeze(ms);
  }

  async unblock(): Promise<void> {
    this.#isBlocked = false;
    this.#read();
    await this.calm();
  }

  #read(): void {
    for (const word of this.#unread.splice(0)) this.line.take(word);
  }
}

const holding = async () => {
  const threads = new TwoThreads();
  const worker = await threads.worker();
  const lease = await threads.lease(worker);
  const calls: string[] = [];
  lease.onPause(() => calls.push('pause'));
  lease.onResume(() => calls.push('resume'));
  lease.signal.addEventListener('abort', () => calls.push('lost'));
  return { threads, worker, lease, calls };
};

describe('a worker whose line is in another thread', () => {
  it('gets from a request to a release, and sends nothing behind the release', async () => {
    const { threads, worker, lease } = await holding();
    const step = lease.step('pay', { kind: 'side-effect' }, () => 'paid');
    await threads.calm();
    expect(await step).toBe('paid');
    await threads.pass(HEARTBEAT_MS - 250);
    const released = lease.release({ browserClosed: 'confirmed' });
    await threads.calm();
    await threads.pass(HEARTBEAT_MS);
    threads.authority.released('p1', 1);
    await threads.pass(2 * HEARTBEAT_MS);
    expect(await released).toEqual({ ended: 'released' });
    const types = threads.log.records.map(({ event }) => event.type);
    expect(types.slice(types.indexOf('StepStarted'))).toEqual([
      'StepStarted',
      'StepCompleted',
      'ReleaseRequested',
      'LeaseReleased',
    ]);
    await worker.shutdown();
    expect(threads.log.closed).toBe(true);
  });

  it('counts a lease once, also in the turn in which several are handed out', async () => {
    const LEASES = 10;
    const threads = new TwoThreads();
    const worker = await threads.worker({ maxLeases: LEASES });
    let next = 0;
    const lane = async (): Promise<void> => {
      while (next < LEASES) await worker.acquire({ profileId: `p${(next += 1)}`, taskId: 't' });
    };
    const lanes = Promise.all([lane(), lane(), lane()]);
    for (let granted = 0; granted < LEASES;) {
      await threads.calm();
      const requests = threads.log.records.filter(({ event }) => event.type === 'LeaseRequested');
      for (const { profileId, event } of requests.slice(granted))
        if (event.type === 'LeaseRequested')
          threads.authority.grant(profileId ?? '', { requestId: event.requestId });
      granted = requests.length;
    }
    await threads.calm();
    await lanes;
  });

  it('asks the browser where the caller is, and says what it answered', async () => {
    const { threads, lease } = await holding();
    lease.browserState(() => 'reachable');
    await threads.pass(2 * HEARTBEAT_MS);
    expect(threads.log.of('Heartbeat').map(({ browser }) => browser)).toEqual([
      'starting',
      'reachable',
      'reachable',
    ]);
    lease.browserClosed();
    await threads.pass(HEARTBEAT_MS);
    expect(threads.log.of('Heartbeat').at(-1)?.browser).toBe('closed');
  });

  it('C30 beats on while the thread of its caller is blocked, and tells of the stall while it lasts', async () => {
    const { threads, lease, calls } = await holding();
    lease.browserState(() => 'reachable');
    await threads.pass(HEARTBEAT_MS);
    await threads.block(45_000);
    const beats = threads.log.of('Heartbeat').slice(2);
    expect(beats).toHaveLength(4);
    // Nobody could ask the browser: it is not said to be reachable.
    expect(beats.every(({ browser }) => browser === 'unreachable')).toBe(true);
    const lags = beats.map(({ loopLagMs }) => loopLagMs);
    expect(lags).toEqual([...lags].sort((a, b) => a - b));
    expect(lags.at(-1)).toBeGreaterThan(25_000);
    expect(lease.canAct()).toBe(true);
    await threads.unblock();
    await threads.pass(2 * HEARTBEAT_MS);
    expect(calls).toEqual([]);
    expect(threads.log.of('Heartbeat').at(-1)).toMatchObject({ browser: 'reachable', loopLagMs: 0 });
    expect(threads.notices).toContainEqual(expect.objectContaining({ type: 'loop-lag' }));
  });

  it('C30 blocked for longer than its limit, asks before it acts, and goes on', async () => {
    const { threads, lease, calls } = await holding();
    await threads.block(LIMIT_MS + 60_000);
    expect(lease.canAct()).toBe(false);
    await threads.unblock();
    expect(lease.canAct()).toBe(true);
    expect(calls).toEqual(['pause', 'resume']);
  });

  it('that was revoked while the caller was blocked acts on nothing', async () => {
    const { threads, lease, calls } = await holding();
    await threads.block(20_000);
    threads.authority.quarantine('p1', 1);
    await threads.block(LIMIT_MS);
    expect(lease.canAct()).toBe(false);
    await threads.unblock();
    expect(lease.canAct()).toBe(false);
    expect(calls).toContain('lost');
    expect(lease.signal.reason).toMatchObject({ lossCause: 'quarantined' });
  });

  it('knows of an epoch that became known while it began to listen', async () => {
    const { threads, worker, lease } = await holding();
    const epoch = threads.authority.keyless(0, {
      type: 'AuthorityEpochStarted',
      foldVersion: 1,
      instanceId: 'b',
    });
    const asked = worker.acquire({ profileId: 'p2', taskId: 't2' });
    await threads.calm();
    expect(threads.line.epochOf(0)).toBe(epoch);
    // An authority that was deposed by then grants nothing.
    threads.authority.grant('p2', { epoch: threads.authority.epoch });
    await threads.calm();
    expect(threads.log.of('Heartbeat').filter(({ token }) => token === 2)).toEqual([]);
    expect(lease.canAct()).toBe(true);
    threads.authority.grant('p2', { epoch });
    await threads.calm();
    expect((await asked).token).toBe(3);
  });

  it('whose thread is gone can send nothing, pauses at its deadline and closes', async () => {
    const { threads, worker, lease, calls } = await holding();
    await threads.block(0);
    const underWay = expect(threads.line.append([])).rejects.toThrow('out of memory');
    expect(threads.line.break(new Error('out of memory'))).toBe(true);
    expect(threads.line.break(new Error('ended'))).toBe(false);
    await underWay;
    await expect(threads.line.append([])).rejects.toThrow('out of memory');
    await threads.pass(LIMIT_MS + 500);
    expect(calls).toEqual(['pause']);
    expect(lease.canAct()).toBe(false);
    const done = worker.shutdown();
    await threads.pass(60_000);
    await done;
  });
});
