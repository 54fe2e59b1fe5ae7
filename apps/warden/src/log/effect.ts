import { isEffective, type FoldedRecord } from '@profile-warden/domain';
import type { NewEvent } from '@profile-warden/events';
import { failed, messageOf, refused } from '../failure.ts';
import { logTime, utc } from '../format/time.ts';
import { IGNORED_BECAUSE, isIgnoredReason } from '../timeline/ignored-reason.ts';
import { within } from './deadline.ts';
import type { PartitionFold, WardenLog } from './warden-log.ts';

const SEEN_MS_MAX = 10_000;

/**
 * Appends the event and goes on folding until it has come by. That it is in the log says nothing yet: something may
 * have been appended before it since the view was taken, and then the fold may ignore it.
 */
export const appendAndWatch = async (
  log: Pick<WardenLog, 'append' | 'foldTo'>,
  fold: PartitionFold,
  event: NewEvent,
): Promise<FoldedRecord> => {
  const [offset = -1] = await log.append([event]);
  const seen: FoldedRecord[] = [];
  const onFolded = (step: FoldedRecord): void => {
    // The state lives on: keep the moment.
    if (step.record.id === event.id) seen.push({ ...step, state: { ...step.state } });
  };
  const late = (cause?: unknown): Error =>
    failed(
      'effect-not-seen',
      `the ${event.event.type} was appended at offset ${offset} and not read back within ${SEEN_MS_MAX} ms` +
        `${cause === undefined ? '' : ` (${messageOf(cause)})`}: see what became of it with \`timeline\``,
      cause,
    );
  try {
    await within(log.foldTo(fold, offset, { msMax: SEEN_MS_MAX, onFolded }), SEEN_MS_MAX, () => late());
  } catch (error) {
    throw late(error);
  }
  const [first] = seen;
  if (first === undefined) throw late();
  return first;
};

export interface EffectView {
  readonly effective: boolean;
  readonly folded: string;
  readonly offset: number;
  readonly brokerMs: number;
  readonly logMs: number;
}

export const effectView = ({ record, folded, state }: FoldedRecord): EffectView => ({
  effective: isEffective(folded),
  folded,
  offset: record.offset,
  brokerMs: record.brokerMs,
  logMs: state.logMs,
});

export const effectLine = (
  what: string,
  { offset, brokerMs, logMs, effective, folded }: EffectView,
): string =>
  `${what} at offset ${offset}, ${utc(brokerMs)}, log time ${logTime(logMs)}: ${effective ? 'effective' : `ignored, ${folded}`}`;

/** Throws where the fold ignored the record: it is in the log, and it changed nothing. */
export const assertEffective = (what: string, { record, folded }: FoldedRecord): void => {
  if (isEffective(folded)) return;
  throw refused(
    folded,
    `${what} at offset ${record.offset} changed nothing: ` +
      `${isIgnoredReason(folded) ? IGNORED_BECAUSE[folded] : folded}. Look again, the profile has moved on`,
  );
};
