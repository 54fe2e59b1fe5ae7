import type { Command } from 'commander';
import { randomUUID } from 'node:crypto';
import { refused } from '../failure.ts';
import { LENGTH_MAX, profileIdOf, textOf, tokenOf } from '../input.ts';
import type { Io } from '../io.ts';
import { appendAndWatch, assertEffective, effectLine, effectView } from '../log/effect.ts';
import { answer } from '../output.ts';
import { personOf } from '../person.ts';
import { quarantineRefusal } from '../review/refusal.ts';
import { withProfile, type ProfileFlags } from './profile-access.ts';

interface QuarantineFlags extends ProfileFlags {
  readonly token: number;
  readonly reason: string;
  readonly operator?: string;
}

const DESCRIPTION =
  'Asks the lease-authority to revoke the token of a profile (QuarantineRequested); the case then ends with a ' +
  'person, never with the profile freed by a rule. Refused where the token is not the current one, where the ' +
  'profile never had a lease, and where such a request is open. Waits until the record is folded; the quarantine ' +
  'itself follows as soon as an authority runs.';

export const addProfileQuarantine = (parent: Command, io: Io): void => {
  parent
    .command('quarantine')
    .description(DESCRIPTION)
    .argument('<id>', 'profile id', profileIdOf)
    .requiredOption('--token <n>', 'the token that you see on the profile', tokenOf)
    .requiredOption('--reason <text>', 'why, for the log', (text: string) =>
      textOf('reason', text, LENGTH_MAX.reason),
    )
    .option('--operator <name>', 'who asks (env: WARDEN_OPERATOR; default: your login)')
    .option('--from-snapshot', 'begin from the verified snapshot of the read model')
    .action(async (profileId: string, _options, command: Command) => {
      await quarantineProfile(profileId, command.optsWithGlobals<QuarantineFlags>(), io);
    });
};

const quarantineProfile = async (profileId: string, flags: QuarantineFlags, io: Io): Promise<void> => {
  const { token, reason } = flags;
  const operator = personOf(flags.operator, io.env, 'operator');
  await withProfile(profileId, flags, io, async ({ log, view }) => {
    const refusal = quarantineRefusal(view.state, { profileId, token });
    if (refusal !== null) throw refused(refusal.code, refusal.message);
    const id = `QuarantineRequested/${profileId}/${token}/${randomUUID()}`;
    const event = { type: 'QuarantineRequested', token, operator, reason } as const;
    const step = await appendAndWatch(log, view, { id, profileId, event });
    assertEffective('the request', step);
    const effect = effectView(step);
    const stage = step.after?.stage.kind ?? 'available';
    answer(io, flags, { profileId, token, stage, ...effect }, () => [
      effectLine(`quarantine of ${profileId}, token ${token}, asked for`, effect),
      `it is ${stage}; the lease-authority acts on the request`,
    ]);
  });
};
