import type { EventOf, WardenEvent } from '@profile-warden/events';
import type { StageKind } from '../state.ts';
import type { InvariantId } from './invariant.ts';

/** Where a record of the profile stands, and whether the fold let it count. */
export interface AuditedRecord {
  readonly offset: number;
  readonly logMs: number;
  readonly event: WardenEvent;
  readonly isEffective: boolean;
  readonly stageBefore: StageKind;
}

export type Check = (invariant: InvariantId, holds: boolean, detail: string) => void;

interface Grant {
  readonly token: number;
  readonly offset: number;
  readonly logMs: number;
}

/**
 * One profile as the invariants see it. It keeps its own account of grants, answers, rounds and fences and asks the
 * folded state for nothing but the stage before a review: a fold that errs must not be its own witness.
 */
export class ProfileAudit {
  readonly #suspectAfterMs: number;
  readonly #asked = new Map<string, number>();
  readonly #granted = new Set<number>();
  readonly #decided = new Set<string>();
  #grant: Grant | null = null;
  #isOpen = false;
  #openFences = new Set<string>();
  #heartbeat: { readonly offset: number; readonly logMs: number } | null = null;

  constructor(suspectAfterMs: number) {
    this.#suspectAfterMs = suspectAfterMs;
  }

  get unansweredCount(): number {
    return [...this.#asked.values()].filter((answers) => answers === 0).length;
  }

  take(record: AuditedRecord, check: Check): void {
    const { event, isEffective } = record;
    if (!isEffective) {
      // A token in a grant without effect may have been seen: it must not be granted again.
      if (event.type === 'LeaseGranted') this.#granted.add(event.token);
      return;
    }
    switch (event.type) {
      case 'LeaseRequested':
        this.#asked.set(event.requestId, 0);
        break;
      case 'LeaseGranted':
        this.#takeGrant(record, event, check);
        break;
      case 'LeaseDenied':
        this.#takeAnswer(event.requestId, check);
        break;
      case 'LeaseReleased':
        this.#isOpen = false;
        break;
      case 'Quarantined':
        this.#isOpen = false;
        this.#openFences = new Set(event.fenceTargets);
        break;
      case 'FenceConfirmed':
        this.#openFences.delete(event.target);
        break;
      case 'Heartbeat':
        if (event.token === this.#grant?.token) this.#heartbeat = record;
        break;
      default:
        this.#takeRecovery(record, check);
    }
  }

  #takeGrant({ offset, logMs }: AuditedRecord, event: EventOf<'LeaseGranted'>, check: Check): void {
    const former = this.#grant;
    const { token } = event;
    check(
      'I1',
      former === null || token > former.token,
      `token ${token} was granted after token ${former?.token ?? 0}`,
    );
    check('I2', !this.#granted.has(token), `token ${token} was granted before`);
    check(
      'I3',
      !this.#isOpen,
      `token ${token} was granted while the lease of token ${former?.token ?? 0} from offset ${former?.offset ?? 0} had no end`,
    );
    this.#takeAnswer(event.requestId, check);
    this.#granted.add(token);
    this.#grant = { token, offset, logMs };
    this.#isOpen = true;
    this.#heartbeat = null;
  }

  #takeAnswer(requestId: string, check: Check): void {
    const answers = this.#asked.get(requestId);
    check(
      'I6',
      answers === 0,
      answers === undefined
        ? `request ${requestId} was answered and never made`
        : `request ${requestId} was answered again`,
    );
    this.#asked.set(requestId, (answers ?? 0) + 1);
  }

  #takeRecovery(record: AuditedRecord, check: Check): void {
    const { event, stageBefore } = record;
    switch (event.type) {
      case 'EvidenceCollected':
        check(
          'I9',
          this.#openFences.size === 0,
          `evidence before the fence at ${[...this.#openFences].join(', ')} was confirmed`,
        );
        break;
      case 'Decided': {
        const round = `${event.token}/${event.round}`;
        check('I8', !this.#decided.has(round), `round ${round} was decided twice`);
        this.#decided.add(round);
        break;
      }
      case 'ReviewResolved':
        check(
          'I8',
          stageBefore === 'manual-review' || stageBefore === 'retired',
          `a review was effective while the profile was ${stageBefore}`,
        );
        break;
      case 'SuspectedStale':
        if (event.cause === 'heartbeat-stopped') this.#takeSilence(record, event, check);
        break;
      default:
        break;
    }
  }

  #takeSilence({ logMs }: AuditedRecord, event: EventOf<'SuspectedStale'>, check: Check): void {
    const last = this.#heartbeat;
    check(
      'I10',
      event.basedOn === (last?.offset ?? null),
      `suspicion cites offset ${event.basedOn ?? 'none'}, the last heartbeat is at ${last?.offset ?? 'none'}`,
    );
    const silentMs = logMs - (last?.logMs ?? this.#grant?.logMs ?? 0);
    check(
      'I10',
      silentMs >= Math.max(event.silenceMs, this.#suspectAfterMs),
      `the silence was ${silentMs} ms, ${event.silenceMs} ms were claimed and ${this.#suspectAfterMs} ms are needed`,
    );
  }
}
