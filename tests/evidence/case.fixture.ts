import { owedByDecider } from '@profile-warden/domain';
import type { EventOf, Findings, RecordBody } from '@profile-warden/events';
import { collectorDuty, lookAtHost } from '@profile-warden/evidence-collector';
import type { HostFindings, HostRequest } from '@profile-warden/evidence-collector';
import type { PartitionView, Work } from '@profile-warden/service';
import {
  beat,
  checkpoint,
  elapse,
  everyonePays,
  granted,
  logOf,
  projectorPays,
  releaseRequested,
  silenced,
  withPolicy,
  type PartitionLog,
} from '@profile-warden/testkit/spec';
import { setTimeout as wait } from 'node:timers/promises';
import type { WorkerIdentity } from './holder.fixture.ts';

const HOST_ID = 'this-host';

export interface TestCase {
  readonly browser: 'chromium' | 'firefox';
  readonly directory: string;
  readonly worker: WorkerIdentity;
  /** Nobody had the profile before, and its browser never answered. Default: the second lease, logged in. */
  readonly isYoung?: boolean;
  /** Which directory the worker saw when it asked, as `device:inode`. Default: it did not say. */
  readonly directoryId?: string;
  readonly look?: (request: HostRequest, signal: AbortSignal) => Promise<HostFindings>;
}

export interface Outcome {
  readonly findings: Findings;
  readonly decision: EventOf<'Decided'>;
  readonly attempts: number;
}

const under = (token: number, event: RecordBody): RecordBody => ({ ...event, token }) as RecordBody;

/** The log of a lease whose worker was cut off, to the moment when the first look is due. */
function logOfCase({ browser, directory, worker, isYoung = false, directoryId }: TestCase): PartitionLog {
  const about = {
    ...worker,
    hostId: HOST_ID,
    browserKind: browser,
    profileDirectory: directory,
    profileDirectoryId: directoryId ?? null,
  } as const;
  const patience = withPolicy({ settleMs: 1_000, evidenceAttempts: 3, collectorTimeoutMs: 25_000 });
  const past = isYoung
    ? [granted('r1', about), beat('starting')]
    : [
        granted('r0', about),
        beat(),
        releaseRequested(),
        everyonePays,
        granted('r1', { ...about, taskId: 't2' }),
        ...[beat(), ...checkpoint('logged in')].map((event) => under(2, event)),
      ];
  return logOf(patience, ...past, silenced, projectorPays, elapse(30_000));
}

/** The looks of the real collector at this host, as many as it owes, and what the decision table makes of them. */
export async function outcomeOf(one: TestCase): Promise<Outcome> {
  const log = logOfCase(one);
  const duty = collectorDuty({
    collectorId: 'collector',
    hostId: HOST_ID,
    scope: 'host',
    look: one.look ?? lookAtHost,
    sleep: async (ms) => {
      await wait(ms);
    },
    wallNow: Date.now,
  });
  const view: PartitionView = {
    state: log.state,
    caseOf: (profile) => ({ state: log.state, profile, policy: log.policy }),
  };
  for (let attempts = 1; attempts <= log.policy.evidenceAttempts; attempts++) {
    const [work] = duty.gather(view, [log.profile()]) as readonly Extract<Work, { run: unknown }>[];
    const evidence = await work?.run(AbortSignal.timeout(90_000));
    if (evidence?.type !== 'EvidenceCollected') throw new Error('no look was owed');
    log.append(evidence);
    const decision = owedByDecider(log.caseOf());
    if (decision !== null) return { findings: evidence.findings, decision, attempts };
    log.elapse(log.policy.evidenceEveryMs);
  }
  throw new Error('the last look settles a round, whatever it finds');
}

const SHOWN = {
  worker: 'workerAlive',
  browser: 'browserAlive',
  'second root': 'secondRoot',
  there: 'directoryPresent',
  same: 'directorySame',
  preferences: 'preferencesValid',
  databases: 'databasesSound',
  cookies: 'cookiesKept',
  changed: 'changedBetweenLooks',
} as const;

/** One line for people: what was found, and what is to be done. */
export function report(name: string, { findings, decision, attempts }: Outcome): void {
  const found = Object.entries(SHOWN).map(([word, finding]) => `${word} ${findings[finding].value}`);
  const facts = `lock ${findings.lockTarget ?? 'none'}, exit ${findings.exitType ?? 'untold'}, look ${attempts}`;
  const line = `${name}: ${found.join(', ')}, ${facts} => ${decision.outcome} by ${decision.rule}`;
  process.stdout.write(`${line}\n`);
}
