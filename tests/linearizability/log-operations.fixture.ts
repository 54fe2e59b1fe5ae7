import type { EventOf, LogRecord } from '@profile-warden/events';
import { nsOf, type Operation } from './operation.fixture.ts';

/** A record with the time within which it came into the log. */
export interface SeenRecord {
  readonly record: LogRecord;
  /** The fold took it in. */
  readonly isEffective: boolean;
  /** Not earlier: on a clock that all who are in the history share. */
  readonly fromMs: number;
  /** Not later. */
  readonly untilMs: number;
}

interface Beginning {
  readonly client: string;
  readonly fromMs: number;
}

/** Ends at the database when `FenceConfirmed` lands, and may have begun when `Quarantined` did. */
interface OpenRevocation {
  readonly profile: string;
  readonly token: number;
  readonly target: string;
  readonly fromMs: number;
}

/**
 * Acquires, releases and revocations as the log tells of them. Each interval is as narrow as the log allows: a grant
 * lies between its request and itself, a revocation between `Quarantined` and `FenceConfirmed`.
 */
export class LogOperations {
  readonly operations: Operation[] = [];
  readonly #requests = new Map<string, Beginning>();
  readonly #releases = new Map<string, Beginning>();
  readonly #holders = new Map<string, string>();
  readonly #revocations = new Map<string, OpenRevocation>();

  take(seen: SeenRecord): void {
    const { event, profileId } = seen.record;
    if (profileId === null) return;
    switch (event.type) {
      case 'LeaseRequested':
        if (!this.#requests.has(event.requestId))
          this.#requests.set(event.requestId, { client: event.incarnation, fromMs: seen.fromMs });
        break;
      case 'ReleaseRequested': {
        const key = keyOf(profileId, event.token);
        const client = this.#holders.get(key) ?? 'nobody';
        if (!this.#releases.has(key)) this.#releases.set(key, { client, fromMs: seen.fromMs });
        break;
      }
      // Whatever the fold makes of it: once it is in the log, the database has promised.
      case 'FenceConfirmed':
        this.#confirmed(profileId, event, seen);
        break;
      default:
        if (seen.isEffective) this.#ruled(profileId, seen);
    }
  }

  /** What was begun and has not ended. */
  finish(): readonly Operation[] {
    for (const open of this.#revocations.values()) this.operations.push(revocation(open, null));
    this.#revocations.clear();
    return this.operations;
  }

  #ruled(profile: string, seen: SeenRecord): void {
    const { event } = seen.record;
    if (event.type === 'LeaseGranted') {
      this.#holders.set(keyOf(profile, event.token), event.holder.incarnation);
      const begun = this.#requests.get(event.requestId);
      this.#ended({ profile, op: 'acquire', token: event.token, outcome: 'granted' }, begun, seen);
    } else if (event.type === 'LeaseDenied')
      this.#ended({ profile, op: 'acquire', outcome: 'denied' }, this.#requests.get(event.requestId), seen);
    else if (event.type === 'LeaseReleased') {
      const begun = this.#releases.get(keyOf(profile, event.token));
      this.#ended({ profile, op: 'release', token: event.token, outcome: 'ok' }, begun, seen);
    } else if (event.type === 'Quarantined') this.#revoked(profile, event, seen);
  }

  /** A ruling that nobody had asked for would be one that began with itself. */
  #ended(
    about: Pick<Operation, 'profile' | 'op' | 'token' | 'outcome'>,
    begun: Beginning | undefined,
    { fromMs, untilMs }: SeenRecord,
  ): void {
    const { client, fromMs: callMs } = begun ?? { client: 'nobody', fromMs };
    this.operations.push({ client, ...about, callNs: nsOf(callMs), returnNs: nsOf(untilMs) });
  }

  #revoked(profile: string, { token, fenceTargets }: EventOf<'Quarantined'>, { fromMs }: SeenRecord): void {
    for (const target of fenceTargets) {
      const key = `${keyOf(profile, token)} ${target}`;
      // A later round of the same token finds its fence up, or still being raised.
      if (!this.#revocations.has(key)) this.#revocations.set(key, { profile, token, target, fromMs });
    }
  }

  #confirmed(profile: string, { token, target }: EventOf<'FenceConfirmed'>, { untilMs }: SeenRecord): void {
    const key = `${keyOf(profile, token)} ${target}`;
    const begun = this.#revocations.get(key);
    if (begun === undefined) return;
    this.#revocations.delete(key);
    this.operations.push(revocation(begun, untilMs));
  }
}

const revocation = (
  { profile, token, target, fromMs }: OpenRevocation,
  untilMs: number | null,
): Operation => ({
  client: 'warden',
  profile,
  op: 'revoke',
  token,
  target,
  outcome: untilMs === null ? 'unknown' : 'ok',
  callNs: nsOf(fromMs),
  returnNs: untilMs === null ? null : nsOf(untilMs),
});

const keyOf = (profile: string, token: number): string => `${profile} ${token}`;
