import type { FenceChange } from '@profile-warden/postgres';
import type { FenceGateway } from '@profile-warden/projector';
import { describe, expect, it } from 'vitest';

/** A transaction that has passed `require_token`, and has not ended yet. */
export interface OpenWrite {
  readonly commit: () => Promise<void>;
  readonly rollback: () => Promise<void>;
}

/** An empty fence target with its ways in; whatever it gives is awaited through `done`. */
export interface FenceUnderTest extends AsyncDisposable {
  readonly gateway: FenceGateway;
  readonly write: (profileId: string, token: number, seenOffset: number | null) => Promise<OpenWrite>;
  /** Resolves with the result, letting as much time pass as that takes. */
  readonly done: <T>(result: Promise<T>) => Promise<T>;
}

const change = (
  profileId: string,
  token: number,
  status: FenceChange['status'],
  offset: number,
): FenceChange => ({ profileId, token, status, partition: 0, offset });

const HELD = change('p1', 1, 'held', 10);
const REVOKED = change('p1', 1, 'revoked', 20);
const NEXT = change('p1', 2, 'held', 30);
const LOCK_TIMEOUT_MS = 300;

/** What everybody relies on, whether PostgreSQL keeps it or the model of the simulation. */
export const fenceContract = (name: string, open: () => Promise<FenceUnderTest>): void => {
  const caughtUp = async (...changes: readonly FenceChange[]): Promise<FenceUnderTest> => {
    const target = await open();
    await target.done(target.gateway.ensure());
    await report(target, 0, 0);
    if (changes.length > 0) await target.done(target.gateway.set(changes));
    return target;
  };
  const report = async (
    { gateway, done }: FenceUnderTest,
    goalOffset: number,
    nextOffset: number,
    incarnation: string | null = null,
  ): Promise<string> => {
    const met = incarnation ?? (await done(gateway.incarnation()));
    return done(gateway.report([{ partition: 0, partitionCount: 1, goalOffset, nextOffset }], met));
  };
  const answer = async (
    { write, done }: FenceUnderTest,
    token: number,
    seenOffset: number | null = null,
    profileId = 'p1',
  ): Promise<string> => {
    try {
      await done((await done(write(profileId, token, seenOffset))).rollback());
      return 'accepted';
    } catch (error) {
      return codeOf(error);
    }
  };

  describe(`a fence target ${name}`, () => {
    it('judges nothing before it has caught up', async () => {
      await using target = await open();
      await target.done(target.gateway.ensure());
      await target.done(target.gateway.set([HELD]));
      await report(target, 40, 39);
      expect(await answer(target, 1)).toBe('WD002');
      await report(target, 0, 40);
      expect(await answer(target, 1)).toBe('accepted');
    });

    it('is not confirmed by who has met another database', async () => {
      await using target = await open();
      await target.done(target.gateway.ensure());
      await target.done(target.gateway.set([HELD]));
      const incarnation = await target.done(target.gateway.incarnation());
      expect(await report(target, 0, 40, `${incarnation}:before`)).toBe(incarnation);
      expect(await answer(target, 1)).toBe('WD002');
      expect(await report(target, 0, 40, incarnation)).toBe(incarnation);
      expect(await answer(target, 1)).toBe('accepted');
    });

    it('tells a token that is over from one that it does not know yet', async () => {
      await using target = await caughtUp(HELD);
      expect([await answer(target, 1), await answer(target, 2), await answer(target, 1, null, 'p2')]).toEqual(
        ['accepted', 'WD002', 'WD003'],
      );
      expect([await answer(target, 1, 10), await answer(target, 1, 11)]).toEqual(['accepted', 'WD002']);
      await report(target, 0, 12);
      expect(await answer(target, 1, 11)).toBe('accepted');
      await target.done(target.gateway.set([change('p1', 1, 'ended', 15), NEXT]));
      expect([await answer(target, 1), await answer(target, 2)]).toEqual(['WD001', 'accepted']);
    });

    it('lets nobody in behind a mark, and whoever is in commit', async () => {
      await using target = await caughtUp(HELD);
      const writer = await target.done(target.write('p1', 1, null));
      await target.done(target.gateway.mark([REVOKED]));
      expect(await answer(target, 1)).toBe('WD001');
      await target.done(writer.commit());
    });

    it('leaves a row that writers hold as it is, and says so', async () => {
      await using target = await caughtUp(HELD);
      const writers = [
        await target.done(target.write('p1', 1, null)),
        await target.done(target.write('p1', 1, null)),
      ];
      await target.done(target.gateway.mark([REVOKED]));
      expect(await target.done(target.gateway.set([REVOKED, change('p2', 1, 'held', 12)]))).toEqual(['p1']);
      for (const writer of writers) await target.done(writer.commit());
      expect(await target.done(target.gateway.set([REVOKED]))).toEqual([]);
      expect(await target.done(target.gateway.rows(0))).toContainEqual({
        profileId: 'p1',
        token: 1,
        valid: false,
        offset: 20,
        revokedToken: 1,
      });
    });

    it('waits for writers a bounded time, and changes nothing when it is over', async () => {
      await using target = await caughtUp(HELD);
      await target.done(target.gateway.mark([REVOKED]));
      const writer = await target.done(target.write('p1', 1, null).catch(() => null));
      expect(writer).toBeNull();
      await target.done(target.gateway.set([REVOKED, NEXT]));
      const holder = await target.done(target.write('p1', 2, null));
      const ended = change('p1', 2, 'ended', 40);
      const options = { lockTimeoutMs: LOCK_TIMEOUT_MS };
      expect(await target.done(target.gateway.wait(ended, options))).toBe(false);
      expect(await answer(target, 2)).toBe('accepted');
      const waiting = target.gateway.wait(ended, { lockTimeoutMs: 20 * LOCK_TIMEOUT_MS });
      await target.done(holder.commit());
      expect(await target.done(waiting)).toBe(true);
      expect(await answer(target, 2)).toBe('WD001');
    });

    it('raises nothing that was not marked', async () => {
      await using target = await caughtUp(HELD);
      await expect(target.done(target.gateway.set([REVOKED]))).rejects.toMatchObject({ code: '55000' });
      expect(await answer(target, 1)).toBe('accepted');
    });

    it('keeps what a later record said, and refuses what can only be of another log', async () => {
      await using target = await caughtUp(HELD, change('p1', 1, 'ended', 15), NEXT);
      expect(await target.done(target.gateway.set([HELD]))).toEqual([]);
      expect(await answer(target, 2)).toBe('accepted');
      await expect(target.done(target.gateway.set([change('p1', 1, 'held', 50)]))).rejects.toMatchObject({
        code: '22023',
      });
    });
  });
};

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : String(error);
