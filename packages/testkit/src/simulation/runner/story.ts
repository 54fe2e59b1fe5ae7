import { isAuthorityEvent, type LogRecord, type RecordBody } from '@profile-warden/events';
import type { Happening } from '../chronicle.ts';

/** Lines of a story, at most: the last ones lead to its end. */
const LINES_MAX = 120;

/** Fields that tell what an event is about, in the order in which they are told. */
const TOLD = [
  'token',
  'round',
  'attempt',
  'intent',
  'kind',
  'stepId',
  'requestId',
  'taskId',
  'target',
  'cause',
  'rule',
  'outcome',
  'complete',
  'reason',
  'browser',
  'browserClosed',
  'status',
  'hostId',
  'basedOn',
  'epoch',
  'presented',
  'presentedToken',
] as const;

/** Who has written what, where it is not plain from the record's own id. */
const WRITERS: Partial<Record<RecordBody['type'], string>> = {
  ClockTicked: 'stale-detector',
  SuspectedStale: 'stale-detector',
  MassSilence: 'stale-detector',
  FenceConfirmed: 'projector',
  Decided: 'recovery-decider',
  undecodable: 'somebody',
  foreign: 'somebody',
};

const writerOf = ({ id, event }: LogRecord): string => {
  if (isAuthorityEvent(event.type)) return 'lease-authority';
  if (event.type === 'EvidenceCollected') return event.collectorId;
  return WRITERS[event.type] ?? id.replace(/-\d+$/, '');
};

const detailOf = (event: RecordBody): string => {
  const told = TOLD.flatMap((name) => {
    const value: unknown = (event as Partial<Record<string, unknown>>)[name];
    return ['string', 'number', 'boolean'].includes(typeof value) ? [`${name} ${String(value)}`] : [];
  });
  if (event.type === 'LeaseGranted') told.push(`to ${event.holder.incarnation}`);
  return told.join(', ');
};

const lineOf = (one: Happening): string => {
  const when = `${(one.atMs / 1_000).toFixed(3)}s`.padStart(9);
  if ('fault' in one)
    return `${when}  FAULT ${one.name}: ${one.fault}${one.whom === '' ? '' : ` (${one.whom})`}`;
  if ('what' in one) return `${when}  ${one.who} ${one.what}`;
  const { record, folded } = one;
  const where = `${record.partition}/${record.offset} ${record.profileId ?? '-'}`.padEnd(10);
  const without = folded === 'applied' || folded === 'beat' ? '' : `   [without effect: ${folded}]`;
  return `${when}  ${where} ${writerOf(record)}: ${record.event.type} ${detailOf(record.event)}${without}`;
};

const isTold = (one: Happening, profileId: string | null, partition: number | null): boolean => {
  if ('fault' in one) return true;
  if ('what' in one) return profileId === null || one.profileId === profileId;
  const { record } = one;
  if (record.event.type === 'ClockTicked') return false;
  if (record.profileId !== null) return profileId === null || record.profileId === profileId;
  return partition === null || record.partition === partition;
};

const partitionOf = (happenings: readonly Happening[], profileId: string | null): number | null => {
  for (const one of happenings)
    if ('record' in one && profileId !== null && one.record.profileId === profileId)
      return one.record.partition;
  return null;
};

/**
 * What happened, one line each: the time, where or which fault, who, what. With `profileId`, of the records only those
 * of that profile, and of its partition those that concern all.
 */
export const storyOf = (happenings: readonly Happening[], profileId: string | null): readonly string[] => {
  const partition = partitionOf(happenings, profileId);
  const lines = happenings.filter((one) => isTold(one, profileId, partition)).map(lineOf);
  const left = lines.length - LINES_MAX;
  return left > 0 ? [`  (${left} earlier lines are left out)`, ...lines.slice(-LINES_MAX)] : lines;
};
