import { owedByDecider } from '@profile-warden/domain';
import type { EventOf, WardenEvent } from '@profile-warden/events';
import type { PartitionView, Work } from '@profile-warden/service';
import type { PartitionLog } from '@profile-warden/testkit/spec';
import {
  beat,
  elapse,
  evidence as collected,
  findings,
  granted,
  logOf,
  projectorPays,
  registered,
  releaseRequested,
  silenced,
  stepStarted,
  withPolicy,
  writeRefused,
  type Move,
} from '@profile-warden/testkit/spec';
import { describe, expect, it } from 'vitest';
import { collectorDuty, type CollectorOptions } from './duty.ts';
import type { HostFindings, HostRequest } from './host/index.ts';

type Errand = Extract<Work, { run: unknown }>;

const FOUND: HostFindings = findings({ lockTarget: 'h1-100' });
const { signal } = new AbortController();

/** `p1` was leased on host `h1`, went silent and is fenced; the first look is due. */
const due = (before: readonly Move[] = [], about: Parameters<typeof granted>[1] = {}): PartitionLog =>
  logOf(...before, granted('r1', about), beat(), silenced, projectorPays, elapse(30_000));

const quarantinedAgain = (epoch: number): EventOf<'Quarantined'> => ({
  type: 'Quarantined',
  epoch,
  token: 1,
  round: 2,
  cause: 'holder-reappeared',
  suspicionOffset: null,
  fenceTargets: [],
});

/** A look during which the holder says all this. */
const speaking =
  (log: PartitionLog, ...words: readonly WardenEvent[]): CollectorOptions['look'] =>
  () => {
    for (const word of words) log.append(word);
    return Promise.resolve(FOUND);
  };

const collector = (about: Partial<CollectorOptions> = {}) => {
  const asked: HostRequest[] = [];
  const duty = collectorDuty({
    collectorId: 'c1',
    hostId: 'h1',
    scope: 'host',
    look: (request) => {
      asked.push(request);
      return Promise.resolve(FOUND);
    },
    sleep: () => Promise.resolve(),
    wallNow: () => 77,
    ...about,
  });
  const gather = (log: PartitionLog): readonly Errand[] => {
    const view: PartitionView = {
      state: log.state,
      caseOf: (profile) => ({ state: log.state, profile, policy: log.policy }),
    };
    return duty.gather(view, [...log.state.profiles.values()]).map((work) => work as Errand);
  };
  const evidence = async (log: PartitionLog): Promise<EventOf<'EvidenceCollected'>> =>
    (await gather(log)[0]?.run(signal)) as EventOf<'EvidenceCollected'>;
  return { asked, duty, gather, evidence };
};

describe('whose look it is', () => {
  it.each([
    ['host', 'h1', true],
    ['host', 'h2', false],
    ['shared', 'h1', true],
    ['shared', 'h2', false],
    ['any', 'h2', false],
  ] as const)('scope %s on host %s: %s', (scope, hostId, isMine) => {
    expect(collector({ scope, hostId }).gather(due())).toHaveLength(isMine ? 1 : 0);
  });

  it('is first that of its own host at shared storage too, then that of a collector which serves more than its host', async () => {
    const log = due([registered({ sharedStorage: true })]);
    log.elapse(59_000);
    const far = (['shared', 'any', 'host'] as const).map((scope) => collector({ scope, hostId: 'h2' }));
    expect(far.map(({ gather }) => gather(log).length)).toEqual([0, 0, 0]);
    expect(collector({ scope: 'host', hostId: 'h1' }).gather(log)).toHaveLength(1);
    log.elapse(1_000);
    expect(far.map(({ gather }) => gather(log).length)).toEqual([1, 1, 0]);
    await far[1]?.evidence(log);
    expect(far[1]?.asked).toMatchObject([{ hostId: 'h1', myHostId: 'h2', storageShared: true }]);
  });

  it('is nobody’s before it is due, and has a key for each attempt of each round', () => {
    const log = logOf(granted(), beat(), silenced, projectorPays, elapse(29_000));
    expect(collector().gather(log)).toEqual([]);
    log.elapse(1_000);
    expect(
      collector()
        .gather(log)
        .map(({ scope, key }) => [scope, key]),
    ).toEqual([['p1', 'p1/1/1/1']]);
  });

  it('is not that of the scope any while the collector of the host may be between its two looks', () => {
    const log = due();
    log.elapse(log.policy.settleMs + 2 * log.policy.tickEveryMs);
    expect(collector({ scope: 'any', hostId: 'h2' }).gather(log)).toEqual([]);
  });

  it('is that of the scope any once no other has answered in time: it says that nothing could be established', async () => {
    const log = due();
    log.elapse(59_000);
    const { asked, gather, evidence } = collector({ scope: 'any', hostId: 'h2' });
    expect(gather(log)).toHaveLength(0);
    log.elapse(1_000);
    const { findings: found, complete } = await evidence(log);
    expect(asked).toEqual([]);
    expect(complete).toBe(false);
    expect(found.workerAlive).toEqual({
      value: 'unknown',
      how: 'no collector of host h1 answered in time',
      at: 77,
    });
    expect(collector({ scope: 'shared', hostId: 'h2' }).gather(log)).toHaveLength(0);
  });
});

describe('a look', () => {
  it('is asked for with what the lease’s own request has told', async () => {
    const { asked, evidence } = collector({ screenshotOrigins: ['https://shots.example'] });
    await evidence(due([], { profileDirectoryId: '65024:4711' }));
    expect(asked).toMatchObject([
      {
        hostId: 'h1',
        myHostId: 'h1',
        leaseBootId: 'b1',
        worker: { pid: 100, processStart: 5_000, pidNamespace: 'ns1' },
        directory: '/profiles/p1',
        directoryIdentity: { device: '65024', inode: '4711' },
        storageShared: false,
        browserKind: 'chromium',
        screenshot: null,
        screenshotOrigins: ['https://shots.example'],
        firstLease: true,
        settleMs: 30_000,
        timeLimitMs: 30_000,
      },
    ]);
  });

  it('is based on what was folded when it began, whatever is appended while it lasts', async () => {
    let found: (host: HostFindings) => void = () => undefined;
    const { gather } = collector({ look: () => new Promise((resolve) => (found = resolve)) });
    const log = due();
    const before = log.nextOffset - 1;
    const running = gather(log)[0]?.run(signal);
    log.append(beat());
    log.elapse(5_000);
    found(FOUND);
    expect(await running).toMatchObject({ type: 'EvidenceCollected', basedOn: before, token: 1, round: 1 });
  });

  it('is complete when the holder is found gone', async () => {
    expect(await collector().evidence(due())).toMatchObject({
      attempt: 1,
      complete: true,
      collectorId: 'c1',
      hostId: 'h1',
    });
  });

  it('that leaves it open who holds the profile is an attempt, until the last one that is allowed', async () => {
    const { evidence } = collector({ look: () => Promise.resolve(findings({ workerAlive: 'unknown' })) });
    const log = due();
    const outcomes: [number, boolean][] = [];
    for (let attempt = 1; attempt <= log.policy.evidenceAttempts; attempt += 1) {
      const event = await evidence(log);
      outcomes.push([event.attempt, event.complete]);
      log.append(event);
      log.elapse(log.policy.evidenceEveryMs);
    }
    expect(outcomes).toEqual([
      [1, false],
      [2, false],
      [3, false],
      [4, true],
    ]);
    expect(log.profile().stage.kind).toBe('inspected');
  });

  it('during which the holder has spoken settles nothing: it is an attempt, and the next look is based on what was said', async () => {
    const log = due();
    const { evidence } = collector({ look: speaking(log, writeRefused(), beat(), releaseRequested()) });
    log.append(await evidence(log));
    expect(log.profile().stage).toMatchObject({ kind: 'quarantined', attempts: 1 });
    log.elapse(log.policy.leaseMs);
    const event = await collector().evidence(log);
    expect(event).toMatchObject({ attempt: 2, complete: true });
    log.append(event);
    expect(owedByDecider(log.caseOf())?.rule).not.toBe('holder-alive');
  });

  it('during which the holder has spoken is complete where no other is allowed, and says so', async () => {
    const log = due([withPolicy({ evidenceAttempts: 1 })]);
    const event = await collector({ look: speaking(log, beat()) }).evidence(log);
    expect(event).toMatchObject({ attempt: 1, complete: true, findings: { lateReportCount: 1 } });
    log.append(event);
    expect(owedByDecider(log.caseOf())).toMatchObject({ rule: 'holder-alive' });
  });

  it('that comes too late for its attempt is worth the next one if it settles the case, else nothing', async () => {
    const log = due();
    const [late] = collector().gather(log);
    const [vain] = collector({ look: () => Promise.resolve(findings({ browserAlive: 'yes' })) }).gather(log);
    log.append(collected(log.nextOffset - 1, { complete: false, attempt: 1 }));
    expect(await vain?.run(signal)).toBeNull();
    expect(await late?.run(signal)).toMatchObject({ attempt: 2, complete: true });
  });

  it('that ends in another round is worth nothing', async () => {
    const log = due();
    const [late] = collector().gather(log);
    log.append(quarantinedAgain(log.state.epoch));
    expect(await late?.run(signal)).toBeNull();
    log.append(collected(log.nextOffset - 1, { round: 2 }));
    expect(await late?.run(signal)).toBeNull();
  });

  it('says what the log knows beside what the host has shown', async () => {
    const log = logOf(granted(), beat(), stepStarted('look', 'read'), silenced, projectorPays);
    log.append(stepStarted('pay', 'sensitive'));
    log.append(beat());
    log.elapse(log.policy.leaseMs);
    const { findings: found } = await collector().evidence(log);
    expect(found).toMatchObject({
      lockTarget: 'h1-100',
      lastStep: 'look',
      openSteps: ['pay'],
      lateReportCount: 2,
      proxyId: 'proxy-a',
    });
  });

  it('that fails is tried again by whoever runs it: it ends in no evidence', async () => {
    const { evidence } = collector({ look: () => Promise.reject(new Error('no /proc')) });
    await expect(evidence(due())).rejects.toThrow('no /proc');
  });

  it('has a deadline when it becomes due, and one more when it is overdue', () => {
    const { duty } = collector();
    const log = logOf(granted(), beat(), silenced, projectorPays);
    const fenced = log.state.logMs;
    expect(duty.deadline(log.caseOf())).toBe(fenced + 30_000);
    log.elapse(30_000);
    expect(duty.deadline(log.caseOf())).toBe(fenced + 90_000);
  });
});
