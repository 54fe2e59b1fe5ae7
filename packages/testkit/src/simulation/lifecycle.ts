import type { StageKind } from '@profile-warden/domain';

/**
 * From which stage a profile may come into which, by the table of the lifecycle and by what may land in between: a
 * review may come in before an authority's grant of an inspection, or its quarantine, that was decided without it.
 */
const NEXT = {
  available: ['held', 'quarantined'],
  held: ['available', 'suspected-stale', 'quarantined', 'manual-review'],
  'suspected-stale': ['held', 'available', 'quarantined', 'manual-review'],
  quarantined: ['inspected'],
  inspected: ['available', 'resume-pending', 'manual-review'],
  'resume-pending': ['held', 'quarantined', 'manual-review'],
  'manual-review': ['held', 'available', 'resume-pending', 'quarantined', 'retired'],
  retired: ['held', 'available', 'resume-pending', 'quarantined'],
} as const satisfies Record<StageKind, readonly StageKind[]>;

export const changeOf = (from: string, to: string): string => `${from} -> ${to}`;

/** Every change of stage that there is, as `held -> available`. */
export const STAGE_CHANGES: readonly string[] = Object.entries(NEXT).flatMap(([from, kinds]) =>
  kinds.map((to) => changeOf(from, to)),
);

const ALLOWED: ReadonlySet<string> = new Set(STAGE_CHANGES);

export const isAllowed = (change: string): boolean => ALLOWED.has(change);
