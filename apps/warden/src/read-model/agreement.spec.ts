import { emptyPartition, foldRecord } from '@profile-warden/domain';
import { beat, granted, logOf, stepStarted, type PartitionLog } from '@profile-warden/testkit/spec';
import { describe, expect, it } from 'vitest';
import { AgreementCheck, type Agreement } from './agreement.ts';
import type { ProjectedProfile } from './read-model.ts';

const log = logOf(granted(), beat(), stepStarted('read', 'read'), beat());

/** What the projector would have written after so many records. */
const projectedAt = (recordCount: number): ProjectedProfile => {
  const state = emptyPartition(0);
  for (const record of log.records.slice(0, recordCount)) foldRecord(state, record);
  const profile = state.profiles.get('p1');
  return {
    row:
      profile === undefined
        ? null
        : {
            profileId: 'p1',
            partition: 0,
            lifecycle: profile.stage.kind,
            token: profile.token,
            sinceOffset: profile.since.offset,
            sinceAt: new Date(profile.since.brokerMs),
            foldedOffset: state.nextOffset - 1,
            state: JSON.parse(JSON.stringify(profile)),
          },
    position: {
      nextOffset: state.nextOffset,
      firstRecordId: state.firstRecordId,
      lastRecord: state.lastRecord,
      hash: null,
    },
  };
};

const verdictOn = (projected: ProjectedProfile, whole: PartitionLog = log): Agreement => {
  const check = new AgreementCheck('p1', projected);
  const state = emptyPartition(0);
  for (const record of whole.records) check.take(foldRecord(state, record));
  return check.verdict(state);
};

describe('the read model beside the log', () => {
  it('agrees, at its end or at any offset before', () => {
    for (let count = 3; count <= log.records.length; count += 1)
      expect(verdictOn(projectedAt(count))).toMatchObject({ verdict: 'agrees' });
    expect(verdictOn(projectedAt(log.records.length))).toMatchObject({ behindBy: 0 });
  });

  it('is behind where it has not come to the profile yet', () => {
    expect(verdictOn(projectedAt(2))).toMatchObject({ verdict: 'behind' });
  });

  it('differs where its row says something else', () => {
    const { row, position } = projectedAt(5);
    const changed = { ...(row as NonNullable<typeof row>), token: 2, state: { token: 2 } };
    expect(verdictOn({ row: changed, position })).toMatchObject({
      verdict: 'differs',
      detail: expect.stringContaining('held with token 2') as string,
    });
  });

  it('differs where the profile is missing although it was passed', () => {
    const { position } = projectedAt(5);
    expect(verdictOn({ row: null, position })).toMatchObject({ verdict: 'differs' });
  });

  it('differs where it was built from another log', () => {
    const { row, position } = projectedAt(5);
    expect(verdictOn({ row, position: { ...position, firstRecordId: 'other' } })).toMatchObject({
      detail: expect.stringContaining('another log') as string,
    });
  });
});
