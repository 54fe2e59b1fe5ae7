import { networkInterfaces, hostname } from 'node:os';
import { withCopiesFolder } from './copies-folder.ts';
import type { ListingReport, LookTask } from './look-task.ts';
import { runLook, type LookOutcome } from './looker.ts';
import type { HostFindings, HostRequest } from './request.ts';
import { no, unknown, yes, type Seen } from './seen.ts';

interface Look {
  readonly outcome: LookOutcome;
  readonly at: number;
}

function lockHosts(request: HostRequest): readonly string[] {
  const addresses = Object.values(networkInterfaces()).flatMap(
    (list) => list?.map(({ address }) => address) ?? [],
  );
  return [hostname(), 'localhost', ...addresses, ...(request.lockHosts ?? [])];
}

function taskOf(request: HostRequest): LookTask {
  const isMyHost = request.hostId === request.myHostId;
  const { pid, processStart, pidNamespace } = request.worker;
  return {
    do: 'look',
    isMyHost,
    storageShared: request.storageShared === true,
    leaseBootId: request.leaseBootId,
    worker: { pid, processStart, pidNamespace },
    directory: isMyHost || request.storageShared === true ? request.directory : null,
    directoryIdentity: request.directoryIdentity ?? null,
    browserKind: request.browserKind,
    lockHosts: lockHosts(request),
    cookiesAtCheckpoint: request.cookiesAtCheckpoint ?? null,
    screenshot: request.screenshot,
    screenshotOrigins: request.screenshotOrigins ?? [],
    firstLease: request.firstLease,
    copiesFolder: '',
  };
}

/** Alive or unclear before, gone now: what happened between may have been its last breath. */
function endedBetween(before: Look, after: Look): boolean {
  const alive = (look: Look) => look.outcome.parts.processes?.browserAlive.value;
  return alive(before) !== 'no' && alive(after) === 'no';
}

export function judgeChange(before: ListingReport | undefined, after: ListingReport | undefined): Seen {
  if (before === undefined || after === undefined) return unknown('one of the two listings is missing');
  if (before.hash !== after.hash) return yes(`listings differ: ${before.how}, then ${after.how}`);
  const how = `listings are equal: ${after.how}`;
  return before.complete && after.complete ? no(how) : unknown(how);
}

/** A second root seen once is one too many, whether or not it is still there. */
function eitherRoot(before: Look, after: Look): Seen | undefined {
  const [first, second] = [before, after].map((look) => look.outcome.parts.processes?.secondRoot);
  return first?.value === 'yes' ? first : second;
}

/** Two looks, settleMs apart. */
export async function lookAtHost(request: HostRequest, signal: AbortSignal): Promise<HostFindings> {
  signal.throwIfAborted();
  const task = taskOf(request);
  const run = async (asked: LookTask): Promise<Look> => {
    const outcome = await runLook(asked, signal, request.timeLimitMs);
    signal.throwIfAborted();
    return { outcome, at: request.now() };
  };
  /** Contents are read while the gap passes: between two equal listings nothing changed under the reader. */
  const again = async (): Promise<{ contents: Look; after: Look }> => {
    const [contents] = await Promise.all([
      withCopiesFolder((copiesFolder) => run({ ...task, do: 'read', copiesFolder })),
      request.sleep(request.settleMs, signal),
    ]);
    signal.throwIfAborted();
    return { contents, after: await run(task) };
  };
  const first = await run(task);
  const { contents, after } = await again();
  if (!endedBetween(first, after)) return findingsOf(first, contents, after);
  const last = await again();
  return findingsOf(after, last.contents, last.after);
}

function findingsOf(before: Look, contents: Look, after: Look): HostFindings {
  const { processes, directory, listing } = after.outcome.parts;
  const { facts, preferences, databases, cookies, screenshot } = contents.outcome.parts;
  const from = (look: Look, seen: Seen | undefined) => ({
    ...(seen ?? unknown(look.outcome.shortfall ?? 'there was nothing to look at')),
    at: look.at,
  });
  const changed = judgeChange(before.outcome.parts.listing, listing);
  const isWhole = listing?.complete === true;
  return {
    workerAlive: from(after, processes?.workerAlive),
    browserAlive: from(after, processes?.browserAlive),
    sameBoot: from(after, processes?.sameBoot),
    secondRoot: from(after, eitherRoot(before, after)),
    directoryPresent: from(after, directory?.directoryPresent),
    directorySame: from(after, directory?.directorySame),
    preferencesValid: from(contents, preferences),
    databasesSound: from(contents, databases),
    cookiesKept: from(contents, cookies),
    changedBetweenLooks: from(after, changed),
    screenshotFound: from(contents, screenshot),
    lockTarget: facts?.lockTarget ?? null,
    fileSystem: directory?.fileSystem ?? null,
    directoryBytes: isWhole ? listing.bytes : null,
    lastWriteAt: isWhole ? listing.lastWriteAt : null,
    browserVersion: facts?.browserVersion ?? null,
    exitType: facts?.exitType ?? null,
  };
}
