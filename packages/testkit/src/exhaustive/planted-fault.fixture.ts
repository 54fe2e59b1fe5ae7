import type { PartitionState, ProfileState } from '@profile-warden/domain';
import type { LogRecord } from '@profile-warden/events';
import { DOMAIN_RULES, type Rules } from './rules.ts';
import { PROFILE_ID } from './view.ts';

type Fold = Rules['evolve'];

const profileOf = (state: PartitionState): ProfileState | undefined => state.profiles.get(PROFILE_ID);

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

/** The last word of the holder is taken for its farewell, so nobody waits for its silence. */
const withFarewell = (profile: ProfileState): ProfileState => {
  const { pulse } = profile;
  if (pulse?.lastReport == null) return profile;
  return { ...profile, pulse: { ...pulse, lastReport: { ...pulse.lastReport, closed: true } } };
};

export const IMPATIENT: Rules = {
  ...folding((real, state, record) => {
    const profile = profileOf(state);
    if (profile !== undefined) state.profiles.set(PROFILE_ID, withFarewell(profile));
    return real(state, record);
  }),
  owedByCollector: (one) => DOMAIN_RULES.owedByCollector({ ...one, profile: withFarewell(one.profile) }),
};

/** A fence counts as confirmed once the first of its targets has. */
export const HASTY: Rules = folding((real, state, record) => {
  const folded = real(state, record);
  const profile = profileOf(state);
  if (record.event.type === 'FenceConfirmed' && profile?.stage.kind === 'quarantined')
    state.profiles.set(PROFILE_ID, { ...profile, stage: { ...profile.stage, fencedLogMs: state.logMs } });
  return folded;
});
