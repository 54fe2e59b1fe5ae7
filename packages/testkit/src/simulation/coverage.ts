import { RULES, type IgnoredReason } from '@profile-warden/domain';
import { EVENT_TYPES } from '@profile-warden/events';
import { STATEMENT_FAULTS } from './database/sql-client.ts';
import { LOOK_FAULTS } from './disk/sim-hosts.ts';
import { EVENT_SYMBOLS } from './event-symbols.ts';
import { FAULTS } from './faults.ts';
import { PAYMENT_FAULTS } from './interference.ts';
import { STAGE_CHANGES } from './lifecycle.ts';
import { REQUEST_FAULTS } from './seeded-network.ts';
import type { RequestKind } from '../memory/index.ts';

const RAISED_BY_THE_AUTHORITY = 'no suspicion goes before it: the authority quarantines for it at once';

/** What the schemas provide for and no simulation can bring about, and why. */
export const OUT_OF_REACH: Readonly<Record<string, string>> = {
  'SuspectedStale.cause unconfirmed-close': RAISED_BY_THE_AUTHORITY,
  'SuspectedStale.cause unsettled-step': RAISED_BY_THE_AUTHORITY,
  'SuspectedStale.cause stop-ignored': RAISED_BY_THE_AUTHORITY,
  'SuspectedStale.cause holder-reappeared': RAISED_BY_THE_AUTHORITY,
  'SuspectedStale.cause dual-use': RAISED_BY_THE_AUTHORITY,
  'SuspectedStale.cause operator': RAISED_BY_THE_AUTHORITY,
  'LeaseDenied.reason not-registered': 'the policy of the simulation asks for no registration',
  'LeaseDenied.reason invalid-request': 'only a request of a newer schema has an intent that is not known',
};

/** Every reason for which the fold ignores a record; null where it must be seen, else why it cannot be. */
const REASONS: Readonly<Record<IgnoredReason, string | null>> = {
  'stale-epoch': null,
  'not-in-this-stage': null,
  'no-lease': null,
  'old-token': null,
  'unknown-token': null,
  'stale-token': null,
  'wrong-incarnation': null,
  duplicate: null,
  'duplicate-request': null,
  'other-round': null,
  'other-attempt': null,
  'based-on-another': null,
  'holder-reported': null,
  'holder-recent': null,
  'fence-open': null,
  'unknown-target': null,
  'unknown-value': 'what is written here is of the present schema',
  'stale-view': null,
  'verdict-missing': null,
  'no-checkpoint': null,
  'never-leased': null,
  'known-incarnation': null,
  'not-current': 'the fold does not give it',
  unkeyed: 'no producer here writes without the key that belongs to the event',
};

const SIGNALS = [
  'lost',
  'fenced',
  'snapshot-used',
  'snapshot-refused',
  'unconfirmed',
  'payment-failed',
  'work-failed',
];

const REQUEST_KINDS: Readonly<Record<RequestKind, true>> = {
  append: true,
  init: true,
  produce: true,
  commit: true,
  heartbeat: true,
  range: true,
};

/** What a run of many seeds must have brought about at least once: what it has not reached it does not test. */
export const MUST_HAPPEN: readonly string[] = [
  ...EVENT_TYPES,
  ...EVENT_SYMBOLS.filter((symbol) => OUT_OF_REACH[symbol] === undefined),
  ...RULES.map(({ id }) => `rule ${id}`),
  ...STAGE_CHANGES.map((change) => `stage ${change}`),
  ...Object.entries(REASONS).flatMap(([reason, why]) => (why === null ? [`ignored ${reason}`] : [])),
  'ignored undecodable',
  'ignored foreign',
  ...[...FAULTS, ...PAYMENT_FAULTS, ...LOOK_FAULTS].map((fault) => `fault ${fault}`),
  ...STATEMENT_FAULTS.map((fault) => `fault ${fault} statement`),
  ...Object.keys(REQUEST_KINDS).flatMap((kind) => REQUEST_FAULTS.map((fault) => `fault ${fault} ${kind}`)),
  ...SIGNALS.map((signal) => `signal ${signal}`),
  'acts',
  'write written',
  'write refused',
  'projector fence-blocked',
  'projector write-failed',
  'came to rest',
];

/** From so many seeds on, a run that has not reached something fails; fewer cannot be expected to reach everything. */
export const COVERING_SEEDS = 1_000;

/** What takes one race within another, and how many seeds may go by without it. */
const RARE: ReadonlyMap<string, number> = new Map([['stage retired -> quarantined', 10_000]]);

/** What so many seeds should have reached and have not. */
export const missing = (seen: ReadonlyMap<string, number>, seeds: number): readonly string[] =>
  MUST_HAPPEN.filter((what) => !seen.has(what) && seeds >= (RARE.get(what) ?? 0));
