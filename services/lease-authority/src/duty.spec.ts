import { policyFor, type Case, type Folded, type ProfileState } from '@profile-warden/domain';
import type { LogRecord, RecordBody } from '@profile-warden/events';
import type { PartitionView } from '@profile-warden/service';
import type { PartitionLog } from '@profile-warden/testkit/spec';
import {
  beat,
  granted,
  logOf,
  now,
  quarantineRequested,
  releaseRequested,
  request,
  writeRefused,
} from '@profile-warden/testkit/spec';
import { describe, expect, it } from 'vitest';
import { authorityDuty } from './duty.ts';

const viewOf = (log: PartitionLog): PartitionView => ({
  state: log.state,
  caseOf: (profile: ProfileState): Case => ({
    state: log.state,
    profile,
    policy: policyFor(log.policy, profile.registration?.labels),
  }),
});

/** Appends a record and lets the duty see it as a live one. */
const shown = (log: PartitionLog, duty: ReturnType<typeof authorityDuty>, event: RecordBody) => {
  const folded: Folded = log.append(event);
  const record = log.records.at(-1) as LogRecord;
  return duty.observe?.(viewOf(log), record, folded) ?? [];
};

/** `p1` was leased with token 1 and is quarantined. */
const revoked = (): PartitionLog =>
  logOf(
    granted(),
    beat(),
    now((log) => quarantineRequested(log.profile().token)),
    (log) => log.payAuthority(),
  );

describe('the duty of the lease-authority', () => {
  it('decides for every profile that it is asked about, under the epoch that it has folded', () => {
    const log = logOf(request('r1'));
    log.append(request('r2'), 'p2');
    log.append({ type: 'AuthorityEpochStarted', foldVersion: 1, instanceId: 'a2' });
    const owed = authorityDuty().gather(viewOf(log), [log.profile('p1'), log.profile('p2')]);
    expect(owed).toMatchObject([
      { scope: 'p1', event: { type: 'LeaseGranted', requestId: 'r1', token: 1, epoch: log.state.epoch } },
      { scope: 'p2', event: { type: 'LeaseGranted', requestId: 'r2', token: 1, epoch: log.state.epoch } },
    ]);
    expect(log.state.epoch).toBeGreaterThan(0);
  });

  it('owes nothing where everything is as it should be', () => {
    const log = logOf(granted(), beat());
    expect(authorityDuty().gather(viewOf(log), [log.profile()])).toEqual([]);
  });

  it('tells a late reporter once a minute of log time for each token and kind', () => {
    const log = revoked();
    const duty = authorityDuty();
    const notice = (presented: string, presentedToken = 1) => [
      {
        scope: 'p1',
        event: {
          type: 'StaleTokenRejected',
          presentedToken,
          currentToken: 1,
          presented,
          presentedOffset: log.nextOffset - 1,
          epoch: log.state.epoch,
        },
      },
    ];
    expect(shown(log, duty, beat())).toEqual(notice('Heartbeat'));
    expect(shown(log, duty, beat())).toEqual([]);
    expect(shown(log, duty, releaseRequested())).toEqual(notice('ReleaseRequested'));
    expect(shown(log, duty, writeRefused(1))).toEqual(notice('WriteRefused'));
    log.elapse(59_000);
    expect(shown(log, duty, beat())).toEqual([]);
    log.elapse(1_000);
    expect(shown(log, duty, beat())).toEqual(notice('Heartbeat'));
  });

  it('has nothing to tell about a report in order, a token from the future, or a record that is no report', () => {
    const log = logOf(granted());
    const duty = authorityDuty();
    expect(shown(log, duty, beat())).toEqual([]);
    expect(shown(log, duty, beat('reachable', { token: 2 }))).toEqual([]);
    expect(shown(log, duty, request('r9'))).toEqual([]);
    expect(shown(revoked(), duty, quarantineRequested(1))).toEqual([]);
  });

  it('wants to be asked again when a request has waited for so long', () => {
    const log = logOf(granted());
    log.append(request('r2', { workerId: 'w2', waitMs: 7_000 }));
    const due = authorityDuty().deadline({ ...log.caseOf() });
    expect(due).toBe(log.state.logMs + 7_000);
  });
});
