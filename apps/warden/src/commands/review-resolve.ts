import type { EventOf, StepVerdict } from '@profile-warden/events';
import type { Command } from 'commander';
import { randomUUID } from 'node:crypto';
import { refused } from '../failure.ts';
import {
  LENGTH_MAX,
  OUTCOMES,
  offsetOf,
  outcomeOf,
  profileIdOf,
  roundOf,
  textOf,
  tokenOf,
  verdictOf,
  withVerdict,
} from '../input.ts';
import type { Io } from '../io.ts';
import { appendAndWatch, assertEffective, effectLine, effectView } from '../log/effect.ts';
import { answer } from '../output.ts';
import { personOf } from '../person.ts';
import { basedOnOf, resolutionRefusals, type Resolution } from '../review/refusal.ts';
import { withProfile, type ProfileFlags } from './profile-access.ts';

interface ResolveFlags extends ProfileFlags {
  readonly token: number;
  readonly round: number;
  readonly outcome: (typeof OUTCOMES)[number];
  readonly note: string;
  readonly basedOn?: number;
  readonly verdict?: readonly StepVerdict[];
  readonly checkpoint?: string;
  readonly reviewer?: string;
}

const DESCRIPTION =
  'Decides a case that waits for a person, or reopens a retired profile (ReviewResolved). Refused (exit code 3) ' +
  'where token or round are not the present ones, nobody waits for a person, --based-on lies before the present ' +
  'stage, the holder has reported after it or may still believe in its lease, an open step has no verdict, or one ' +
  'that was applied lies behind the checkpoint to resume from; retired needs no verdicts and no silence. Waits up ' +
  'to 10 s to see the record folded; exit code 0 only where it was effective, 3 where the fold ignored it, 1 where ' +
  'it was not seen.';

export const addReviewResolve = (parent: Command, io: Io): void => {
  parent
    .command('resolve')
    .description(DESCRIPTION)
    .argument('<id>', 'profile id', profileIdOf)
    .requiredOption('--token <n>', 'token of the case you judged', tokenOf)
    .requiredOption('--round <n>', 'its recovery round', roundOf)
    .requiredOption('--outcome <outcome>', OUTCOMES.join(' | '), outcomeOf)
    .requiredOption('--note <text>', 'why, for the log', (text: string) =>
      textOf('note', text, LENGTH_MAX.note),
    )
    .option(
      '--based-on <offset>',
      'last offset you have seen, as `reviews` prints it (default: all that is in the log now)',
      offsetOf,
    )
    .option(
      '--verdict <step=verdict>',
      'of an open step: applied, not-applied or unknown; repeat it for each',
      (text: string, verdicts: readonly StepVerdict[] | undefined) =>
        withVerdict(verdicts ?? [], verdictOf(text)),
    )
    .option('--checkpoint <name>', 'where to resume from, with outcome resume-pending', (text: string) =>
      textOf('checkpoint', text, LENGTH_MAX.checkpoint),
    )
    .option('--reviewer <name>', 'who decides (env: WARDEN_OPERATOR; default: your login)')
    .option('--from-snapshot', 'begin from the verified snapshot of the read model')
    .action(async (profileId: string, _options, command: Command) => {
      await resolveReview(profileId, command.optsWithGlobals<ResolveFlags>(), io);
    });
};

const resolveReview = async (profileId: string, flags: ResolveFlags, io: Io): Promise<void> => {
  const { token, round, outcome, note } = flags;
  const reviewer = personOf(flags.reviewer, io.env, 'reviewer');
  const resolution: Resolution = {
    profileId,
    token,
    round,
    outcome,
    verdicts: flags.verdict ?? [],
    checkpoint: flags.checkpoint ?? null,
    basedOn: flags.basedOn ?? null,
  };
  await withProfile(profileId, flags, io, async ({ log, view }) => {
    const refusals = resolutionRefusals(view.state, resolution);
    const [first] = refusals;
    if (first !== undefined) throw refused(first.code, refusals.map(({ message }) => message).join('\n'));
    const { verdicts, checkpoint } = resolution;
    const basedOn = basedOnOf(view.state, resolution);
    const event: EventOf<'ReviewResolved'> = {
      type: 'ReviewResolved',
      token,
      round,
      basedOn,
      outcome,
      verdicts,
      checkpoint,
      reviewer,
      note,
    };
    const id = `ReviewResolved/${profileId}/${token}/${round}/${randomUUID()}`;
    const step = await appendAndWatch(log, view, { id, profileId, event });
    assertEffective('the resolution', step);
    const effect = effectView(step);
    const stage = step.after?.stage.kind ?? outcome;
    answer(io, flags, { profileId, token, round, outcome, basedOn, stage, ...effect }, () => [
      effectLine(`${profileId}, token ${token}, round ${round}, resolved as ${outcome}`, effect),
      `it is ${stage} now`,
    ]);
  });
};
