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

const reviews = (model: Model, from: Situation): Move[] => [
  ...from.forms.flatMap((record, index) => sendings(model, from, record, index)),
  ...fillings(model, from),
];

/** A form is sent as it was filled in, or with the ruling on an earlier round and a fresh reading of the log. */
const sendings = (model: Model, from: Situation, record: number, index: number): Move[] => {
  const form = model.eventOf(record, 'ReviewResolved');
  const { profile, lastOffset } = model.views.value(from.view);
  if (form === null || profile === null) return [];
  const what = `a form of round ${form.round}: ${form.outcome}${index === 0 ? '' : ` (${index + 1})`}`;
  const send = (name: string, sent: number): Move => ({
    name,
    play: (turn) => {
      turn.forms = turn.forms.filter((_one, place) => place !== index);
      turn.append(sent);
    },
  });
  const found = [send(`the reviewer sends ${what}`, record)];
  if (form.token === profile.token && form.round < profile.round)
    found.push(
      send(
        `the reviewer reads to the end and sends ${what}`,
        model.record('reviewer', { ...form, basedOn: lastOffset }),
      ),
    );
  return found;
};

const fillings = (model: Model, from: Situation): Move[] => {
  const { profile, lastOffset } = model.views.value(from.view);
  if (profile === null || model.allowances.value(from.allowance).forms === 0) return [];
  const { stage, token, round, history } = profile;
  if (stage.kind !== 'manual-review' && stage.kind !== 'retired') return [];
  const verdicts = history.openSteps.map(({ stepId }) => ({ stepId, verdict: 'not-applied' }) as const);
  return OUTCOMES.filter((outcome) => outcome !== stage.kind).map((outcome) => {
    const about = { token, round, outcome, verdicts, checkpoint: 'by-hand' };
    const record = model.record('reviewer', reviewResolved(lastOffset, about));
    return {
      name: `the reviewer fills in a form: ${outcome}`,
      play: (turn) => {
        turn.use('forms');
        turn.forms = [...turn.forms, record].sort((left, right) => left - right);
      },
    };
  });
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
