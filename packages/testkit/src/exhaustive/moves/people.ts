import type { ReviewOutcome } from '@profile-warden/events';
import { quarantineRequested, reviewResolved } from '../../spec/index.ts';
import type { Model } from '../model.ts';
import type { Situation } from '../situation.ts';
import type { Move } from './move.ts';

const OUTCOMES: readonly ReviewOutcome[] = ['available', 'resume-pending', 'retired'];

/** A reviewer who fills in a form on what there is to see and sends it whenever, and an operator who stops a profile. */
export const moves = (model: Model, from: Situation): Move[] => [
  ...reviews(model, from),
  ...stops(model, from),
];

const reviews = (model: Model, from: Situation): Move[] => {
  const found = from.forms.map((record, index): Move => {
    const { outcome, round } = model.eventOf(record, 'ReviewResolved') ?? {};
    return {
      name: `the reviewer sends a form of round ${String(round)}: ${String(outcome)}${index === 0 ? '' : ` (${index + 1})`}`,
      play: (turn) => {
        turn.forms = turn.forms.filter((_one, place) => place !== index);
        turn.append(record);
      },
    };
  });
  const { profile, lastOffset } = model.views.value(from.view);
  if (profile === null || model.allowances.value(from.allowance).forms === 0) return found;
  const { stage, token, round, history } = profile;
  if (stage.kind !== 'manual-review' && stage.kind !== 'retired') return found;
  const verdicts = history.openSteps.map(({ stepId }) => ({ stepId, verdict: 'not-applied' }) as const);
  for (const outcome of OUTCOMES) {
    const about = { token, round, outcome, verdicts, checkpoint: 'by-hand' };
    const record = model.record('reviewer', reviewResolved(lastOffset, about));
    if (outcome === stage.kind) continue;
    found.push({
      name: `the reviewer fills in a form: ${outcome}`,
      play: (turn) => {
        turn.use('forms');
        turn.forms = [...turn.forms, record].sort((left, right) => left - right);
      },
    });
  }
  return found;
};

const stops = (model: Model, from: Situation): Move[] => {
  const { profile } = model.views.value(from.view);
  if (profile === null || profile.token === 0 || model.allowances.value(from.allowance).stops === 0)
    return [];
  const record = model.record('operator', quarantineRequested(profile.token));
  return [
    {
      name: 'the operator stops the profile',
      play: (turn) => {
        turn.use('stops');
        turn.append(record);
      },
    },
  ];
};
