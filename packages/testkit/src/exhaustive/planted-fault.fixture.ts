import type { PartitionState } from '@profile-warden/domain';
import type { LogRecord } from '@profile-warden/events';
import { DOMAIN_RULES, type Rules } from './rules.ts';
import { PROFILE_ID } from './view.ts';

type Fold = Rules['evolve'];

const profileOf = (state: PartitionState): ReturnType<PartitionState['profiles']['get']> =>
  state.profiles.get(PROFILE_ID);

const folding = (
  fold: (real: Fold, state: PartitionState, record: LogRecord) => ReturnType<Fold>,
): Rules => ({
  ...DOMAIN_RULES,
  evolve: (state, record) => fold(DOMAIN_RULES.evolve, state, record),
});

/** A heartbeat takes a quarantine back. */
export const HEALING: Rules = folding((real, state, record) => {
  const folded = real(state, record);
  const profile = profileOf(state);
  if (record.event.type === 'Heartbeat' && profile?.stage.kind === 'quarantined')
    state.profiles.set(PROFILE_ID, { ...profile, stage: { kind: 'held' } });
  return folded;
});

/** What a deposed authority decides counts as if it were of the present one. */
export const EPOCHLESS: Rules = folding((real, state, record) => {
  const { event } = record;
  const isDecision = 'epoch' in event && event.type !== 'ClockTicked';
  return real(state, isDecision ? { ...record, event: { ...event, epoch: state.epoch } } : record);
});

/** The authority forgets what was open when a holder gives its lease back. */
export const FORGETTING: Rules = {
  ...DOMAIN_RULES,
  owedByAuthority: (one) => {
    const { profile } = one;
    const history = { ...profile.history, openSteps: [] };
    return DOMAIN_RULES.owedByAuthority({ ...one, profile: { ...profile, history } });
  },
};
