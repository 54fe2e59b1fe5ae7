import type { HostFindings, HostRequest } from '@profile-warden/evidence-collector';
import type { Answer, Finding } from '@profile-warden/events';
import { findings } from '../../spec/index.ts';
import type { Random } from '../../walk/random.ts';
import type { ProfileDirectory } from './profile-directory.ts';
import type { SimHost } from './sim-host.ts';

/** One look from a host at what a lease has left behind. */
export interface Glance {
  readonly host: SimHost;
  /** It sees other processes than those it is meant to see. */
  readonly isAstray: boolean;
  /** Null where it cannot be seen from there. */
  readonly directory: ProfileDirectory | null;
  readonly nowMs: number;
  readonly random: Random;
  /** Share of parts that cannot be established. */
  readonly blindness: number;
}

interface Seen {
  readonly workerAlive: Answer;
  readonly browserAlive: Answer;
  readonly sameBoot: Answer;
  readonly secondRoot: Answer;
  readonly directoryPresent: Answer;
  readonly directorySame: Answer;
  readonly preferencesValid: Answer;
  readonly databasesSound: Answer;
  readonly cookiesKept: Answer;
  readonly stamp: number | null;
  readonly lockTarget: string | null;
  readonly browserVersion: string | null;
  readonly exitType: string | null;
}

const answer = (isSo: boolean): Answer => (isSo ? 'yes' : 'no');

/** Reads process table and disk as they are at this instant; what another host runs cannot be told from here. */
export const glance = (
  request: HostRequest,
  { host, isAstray, directory, nowMs, random, blindness }: Glance,
): Seen => {
  const isBlind = (): boolean => blindness > 0 && random.chance(blindness);
  const told = (isSo: boolean): Answer => (isBlind() ? 'unknown' : answer(isSo));
  const isMyHost = request.hostId === host.hostId;
  const isSameBoot = request.leaseBootId === host.bootId;
  const { pid, processStart } = request.worker;
  const seen = isDiskHidden(host, directory) ? null : directory;
  const roots = isAstray ? [] : (directory?.roots ?? []);
  // A browser of another host on shared storage shows in its lock alone.
  const rootsHere = roots.filter(({ hostId }) => hostId === host.hostId);
  const lockedElsewhere = seen?.lock != null && seen.lock.hostId !== host.hostId;
  const ofWrites = (isSo: boolean): Answer =>
    seen === null || (roots.length > 0 && random.chance(0.3)) ? 'unknown' : told(isSo);
  return {
    sameBoot: isMyHost ? told(isSameBoot) : 'unknown',
    workerAlive: !isMyHost ? 'unknown' : told(isSameBoot && !isAstray && host.lives(pid, processStart)),
    browserAlive:
      rootsHere.length > 0 ? told(true) : !isMyHost || lockedElsewhere || isBlind() ? 'unknown' : 'no',
    secondRoot: rootsHere.length > 1 ? told(true) : isMyHost ? told(false) : 'unknown',
    directoryPresent: seen === null ? 'unknown' : told(seen.isPresent),
    directorySame: seen?.isPresent === true ? told(true) : 'unknown',
    preferencesValid:
      seen?.preferences === 'absent' && !request.firstLease
        ? 'unknown'
        : ofWrites(seen?.preferences !== 'torn'),
    databasesSound: ofWrites(seen?.databases !== 'torn'),
    cookiesKept: ofWrites(seen?.hasCookies !== false),
    stamp: seen === null ? null : seen.stampAt(nowMs),
    lockTarget: seen?.lock == null ? null : `${seen.lock.hostId}-${seen.lock.pid}`,
    browserVersion: seen?.lastVersion ?? null,
    exitType: seen?.exitType ?? null,
  };
};

const isDiskHidden = ({ isDiskSlow }: SimHost, directory: ProfileDirectory | null): boolean =>
  isDiskSlow || directory === null;

const finding = (value: Answer, at: number): Finding => ({ value, how: 'looked', at });

/** Two looks as one: what changed in between, and a second root that was there at either. */
export const findingsOf = (before: Seen, after: Seen, at: number): HostFindings => {
  const { stamp, lockTarget, browserVersion, exitType, ...answers } = after;
  const changed = before.stamp === null || stamp === null ? 'unknown' : answer(before.stamp !== stamp);
  const told = Object.fromEntries(Object.entries(answers).map(([name, value]) => [name, finding(value, at)]));
  return findings({
    ...told,
    secondRoot: finding(before.secondRoot === 'yes' ? 'yes' : after.secondRoot, at),
    changedBetweenLooks: finding(changed, at),
    lockTarget,
    browserVersion,
    exitType,
  });
};

/** It lived, or might have, and lives no more: what was written in between may have been its last breath. */
export const endedBetween = (before: Seen, after: Seen): boolean =>
  before.browserAlive !== 'no' && after.browserAlive === 'no';
