import { granted, logOf, quarantineRequested, releaseRequested, request } from '@profile-warden/testkit/spec';
import { describe, expect, it } from 'vitest';
import { FenceLedger, changeOf, markOf } from './ledger.ts';

describe('what a fence should say', () => {
  it('is nothing before the first lease', () => {
    const log = logOf(request());
    expect(changeOf(log.profile(), 0)).toBeNull();
  });

  it('follows the lease', () => {
    const log = logOf(granted());
    const grantedOffset = log.profile().lease?.grantedOffset;
    expect(changeOf(log.profile(), 0)).toMatchObject({ token: 1, status: 'held', offset: grantedOffset });
    log.append(releaseRequested());
    log.payAuthority();
    expect(changeOf(log.profile(), 0)).toMatchObject({
      token: 1,
      status: 'ended',
      offset: log.profile().since.offset,
    });
  });

  it('is revoked in quarantine', () => {
    const log = logOf(granted(), quarantineRequested(), (one) => one.payAuthority());
    expect(changeOf(log.profile(), 0)).toMatchObject({ token: 1, status: 'revoked' });
  });

  it('can be marked in part while a writer holds the row', () => {
    const change = { profileId: 'p', token: 3, status: 'held', partition: 0, offset: 9 } as const;
    expect(markOf(change)).toMatchObject({ token: 2, status: 'revoked' });
    expect(markOf({ ...change, status: 'ended' })).toMatchObject({ token: 3 });
    expect(markOf({ ...change, token: 1 })).toBeNull();
  });
});

describe('the ledger of a target', () => {
  const change = { profileId: 'p', token: 3, status: 'ended', partition: 0, offset: 9 } as const;

  it('keeps the newest word about a profile', () => {
    const ledger = new FenceLedger();
    ledger.require(change);
    ledger.require({ ...change, offset: 5 });
    expect(ledger.pending()).toEqual([change]);
    const later = { ...change, token: 4, status: 'held', offset: 12 } as const;
    ledger.require(later);
    ledger.settle(change);
    expect(ledger.pending()).toEqual([later]);
    ledger.settle(later);
    expect(ledger.pendingCount).toBe(0);
  });

  it('forgets the partitions that are gone', () => {
    const ledger = new FenceLedger();
    ledger.require(change);
    ledger.require({ ...change, profileId: 'q', partition: 1 });
    ledger.close(0);
    expect(ledger.pending().map(({ profileId }) => profileId)).toEqual(['q']);
  });
});
