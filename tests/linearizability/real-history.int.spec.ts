import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { judged, whyNoChecker } from './checker.fixture.ts';
import { ServiceRun } from './service-run.fixture.ts';

const BOUND_MS = 60_000;
const LOOK_EVERY_MS = 50;

describe('what clients of the real services, broker and database have lived through', () => {
  const reason = whyNoChecker();
  let run: ServiceRun;

  beforeAll(async () => {
    if (reason === null) run = await ServiceRun.open();
  });

  afterAll(async () => {
    if (reason === null) await run[Symbol.asyncDispose]();
  });

  const until = async (what: string, isSo: () => boolean): Promise<void> => {
    const untilMs = performance.now() + BOUND_MS;
    while (!isSo()) {
      if (performance.now() > untilMs) throw new Error(`not within ${BOUND_MS} ms: ${what}`);
      await sleep(LOOK_EVERY_MS);
    }
  };
  /** Waits for so many more of them than there are now. */
  const more = async (
    ...[op, outcome, count]: [...Parameters<ServiceRun['count']>, number]
  ): Promise<void> => {
    const goal = run.count(op, outcome) + count;
    await until(`${count} more: ${op} ${outcome}`, () => run.count(op, outcome) >= goal);
  };

  it(
    'could have come from one register of leases, although workers are killed and stopped and the authority dies',
    { timeout: 400_000 },
    async ({ skip }) => {
      if (reason !== null) skip(reason);
      const steady = run.client('steady');
      await more('write', 'accepted', 5);
      const killed = run.client('killed');
      await until('the second holds a profile', () => run.holds('killed'));
      await killed.kill();
      await more('revoke', 'ok', 1);
      const stopped = run.client('stopped');
      await until('the third holds a profile', () => run.holds('stopped'));
      stopped.signal('SIGSTOP');
      await more('revoke', 'ok', 1);
      stopped.signal('SIGCONT');
      await more('acquire', 'granted', 3);
      const authority = run.services.of('lease-authority');
      await authority.kill('SIGKILL');
      await authority.restart();
      await more('acquire', 'granted', 6);
      await more('write', 'accepted', 30);
      await Promise.all([steady.finish(), stopped.finish()]);
      await sleep(1_000);
      run.log.finish();
      const { summary, told } = await judged(run.operations());
      expect([summary.illegal, summary.undecided], told).toEqual([[], []]);
      const { operations } = summary;
      for (const kind of ['release ok', 'revoke ok', 'write accepted', 'write refused'])
        expect(operations[kind] ?? 0, kind).toBeGreaterThan(0);
    },
  );
});
