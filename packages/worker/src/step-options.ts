import type { Checkpoint, CheckpointStore, Screenshot, StepKind } from '@profile-warden/events';
import { InvalidInputError, WorkerError } from './errors.ts';
import { checkFlag, checkOneOf, checkOptionalText, checkText } from './input-check.ts';
import type { WantedLease } from './lease-options.ts';
import { checkScreenshot, checkUrl } from './url-redaction.ts';

/** What an action can do, and what is known about it beforehand. */
export interface StepOptions {
  /**
   * Required, no default, since a wrong guess is what recovery would later rest on.
   * - `read`: changes nothing.
   * - `reversible`: changes what the next run overwrites or undoes (a filter, a draft).
   * - `side-effect`: the account is different afterwards. Waits until its start was read back from the log.
   * - `sensitive`: cannot be undone, or costs money. The same, and left open it always goes to a person.
   * - `await-human`: a person acts in the browser. Waits like a side effect.
   */
  readonly kind: Exclude<StepKind, 'UNKNOWN'>;
  /** Doing it twice is harmless. Default true for `read`, else false. */
  readonly repeatable?: boolean;
  /** Once it is done, so is the task, which must then not be run again. Default false. */
  readonly final?: boolean;
  /** Page it happens on. Default none. Query, fragment and user info are removed before it is sent. */
  readonly url?: string;
  /** Proxy in use, at most 128 characters. Default the lease's; another one sends a recovery to a person. */
  readonly proxyId?: string;
  /** Picture taken before the step: where it is kept (query removed) and its SHA-256 in hex. Default none. */
  readonly screenshot?: Screenshot;
  /** The task may be resumed from behind this step, once it ended ok. Default none. */
  readonly checkpoint?: { readonly name: string; readonly stored: Exclude<CheckpointStore, 'UNKNOWN'> };
  /** Whether the step waits for a paused lease to resume, or rejects with `lease-paused`. Default `wait`. */
  readonly whenPaused?: 'wait' | 'reject';
}

/** What is known about a step only when it has ended. */
export interface StepNote {
  /** Page it ended on; redacted. */
  readonly url?: string;
  /** Picture taken after the step. */
  readonly screenshot?: Screenshot;
}

export interface StepContext {
  /** Aborts when the lease is lost or its release goes out. The action must then stop. */
  readonly signal: AbortSignal;
  /** Adds to what is recorded at the end of the step; the last call wins. */
  readonly note: (note: StepNote) => void;
}

export interface CheckedStep {
  readonly name: string;
  readonly kind: StepOptions['kind'];
  readonly repeatable: boolean;
  readonly final: boolean;
  readonly url: string | null;
  readonly proxyId: string | null;
  readonly screenshot: Screenshot | null;
  readonly checkpoint: Checkpoint | null;
  readonly whenPaused: 'wait' | 'reject';
  /** May begin while the worker shuts down. */
  readonly inShutdown: boolean;
}

export function checkStep(
  name: unknown,
  options: StepOptions,
  wanted: WantedLease,
  secretPaths: readonly RegExp[],
): CheckedStep {
  const kind = checkOneOf('kind', options.kind, [
    'read',
    'reversible',
    'side-effect',
    'sensitive',
    'await-human',
  ]);
  const step: CheckedStep = {
    name: checkText('name', name, 128),
    kind,
    repeatable: checkFlag('repeatable', options.repeatable, kind === 'read'),
    final: checkFlag('final', options.final, false),
    url: checkUrl('url', options.url, secretPaths),
    proxyId: checkOptionalText('proxyId', options.proxyId ?? wanted.proxyId, 128),
    screenshot: checkScreenshot('screenshot', options.screenshot),
    checkpoint: options.checkpoint === undefined ? null : checkCheckpoint(options.checkpoint),
    whenPaused: checkOneOf('whenPaused', options.whenPaused ?? 'wait', ['wait', 'reject']),
    inShutdown: false,
  };
  if (wanted.intent === 'inspect' && kind !== 'read' && kind !== 'await-human')
    throw new WorkerError('step-not-allowed', `${step.name} is ${kind} in an inspect lease`);
  if (wanted.readOnly && (kind === 'side-effect' || kind === 'sensitive'))
    throw new WorkerError('step-not-allowed', `${step.name} is ${kind} in a read-only lease`);
  return step;
}

export function checkNote(
  note: StepNote,
  secretPaths: readonly RegExp[],
): Pick<CheckedStep, 'url' | 'screenshot'> {
  return {
    url: checkUrl('url', note.url, secretPaths),
    screenshot: checkScreenshot('screenshot', note.screenshot),
  };
}

function checkCheckpoint(checkpoint: unknown): Checkpoint {
  if (typeof checkpoint !== 'object' || checkpoint === null)
    throw new InvalidInputError('checkpoint', checkpoint, 'a name and where it is stored');
  const { name, stored } = checkpoint as Partial<Checkpoint>;
  return {
    name: checkText('checkpoint.name', name, 128),
    stored: checkOneOf('checkpoint.stored', stored, ['profile', 'server']),
  };
}
