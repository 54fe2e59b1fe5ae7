import type { PartitionView } from '@profile-warden/service';
import type { PartitionLog } from '@profile-warden/testkit/spec';
import {
  beat,
  granted,
  inspected,
  logOf,
  projectorPays,
  silenced,
  withPolicy,
} from '@profile-warden/testkit/spec';
import { describe, expect, it } from 'vitest';
import { deciderDuty } from './duty.ts';

const owed = (log: PartitionLog) => {
  const view: PartitionView = {
    state: log.state,
    caseOf: (profile) => ({ state: log.state, profile, policy: log.policy }),
  };
  return deciderDuty.gather(view, [...log.state.profiles.values()]);
};

describe('the duty of the recovery-decider', () => {
  it('decides an inspected case by the first rule that matches, on the evidence that was folded', () => {
    const log = logOf(granted(), beat('starting'), inspected());
    const evidence = log.records.at(-1)?.event;
    expect(owed(log)).toMatchObject([
      {
        scope: 'p1',
        event: {
          type: 'Decided',
          token: 1,
          round: 1,
          rule: 'never-touched',
          outcome: 'available',
          basedOn: evidence?.type === 'EvidenceCollected' ? evidence.basedOn : null,
        },
      },
    ]);
  });

  it('owes nothing any more once its decision is in the log', () => {
    const log = logOf(granted(), beat(), inspected());
    for (const work of owed(log)) if ('event' in work) log.append(work.event);
    expect(owed(log)).toEqual([]);
    expect(log.profile().stage.kind).not.toBe('inspected');
  });

  it('owes nothing before the evidence is complete, nor for a profile that is well', () => {
    const log = logOf(granted(), beat(), silenced, projectorPays);
    log.append(beat(), 'p2');
    expect(owed(log)).toEqual([]);
  });

  it('leaves every case to a person where the policy says so', () => {
    const log = logOf(withPolicy({ mode: 'operator-only' }), granted(), beat('starting'), inspected());
    expect(owed(log)).toMatchObject([{ event: { rule: 'operator', outcome: 'manual-review' } }]);
  });

  it('never has to be woken by time', () => {
    const log = logOf(granted(), beat(), inspected());
    expect(deciderDuty.deadline(log.caseOf())).toBeNull();
  });
});
