import { RULES } from '@profile-warden/domain';
import { EVENT_TYPES, schemaOf, type AvroField } from '@profile-warden/events';
import { STATEMENT_FAULTS } from './database/sql-client.ts';
import { LOOK_FAULTS } from './disk/sim-hosts.ts';
import { FAULTS, PAYMENT_FAULTS } from './faults.ts';

/** The symbols of an enum field of an event, as the schemas have them, with hyphens. */
const symbolsOf = (type: 'Quarantined', name: string): readonly string[] => {
  const { fields } = schemaOf(type) as { readonly fields?: readonly AvroField[] };
  const found = fields?.find((field) => field.name === name)?.type;
  const symbols = typeof found === 'object' && 'symbols' in found ? found.symbols : [];
  return symbols.filter((symbol) => symbol !== 'UNKNOWN').map((symbol) => symbol.replaceAll('_', '-'));
};

/** What a run of many seeds must have brought about at least once: what it has not reached it does not test. */
const MUST_HAPPEN: readonly string[] = [
  ...EVENT_TYPES,
  ...symbolsOf('Quarantined', 'cause').map((cause) => `cause ${cause}`),
  ...RULES.map(({ id }) => `rule ${id}`),
  ...[...FAULTS, ...PAYMENT_FAULTS].map((fault) => `fault ${fault}`),
  ...LOOK_FAULTS.map((fault) => `fault ${fault}`),
  ...STATEMENT_FAULTS.map((fault) => `fault ${fault} statement`),
  'ignored stale-epoch',
  'signal lost',
  'signal fenced',
  'signal snapshot-used',
  'signal snapshot-refused',
  'signal unconfirmed',
  'signal payment-failed',
  'signal work-failed',
  'acts',
  'write written',
  'write refused',
  'projector fence-blocked',
  'projector write-failed',
  'came to rest',
];

export const missing = (seen: ReadonlyMap<string, number>): readonly string[] =>
  MUST_HAPPEN.filter((what) => !seen.has(what));
