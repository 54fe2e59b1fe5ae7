import type { EventOf } from '@profile-warden/events';
import type { Command } from 'commander';
import { randomUUID } from 'node:crypto';
import { LENGTH_MAX, directoryOf, profileIdOf, textOf, withLabel } from '../input.ts';
import type { Io } from '../io.ts';
import { appendAndWatch, assertEffective, effectLine, effectView } from '../log/effect.ts';
import { answer } from '../output.ts';
import { personOf } from '../person.ts';
import { withProfile, type ProfileFlags } from './profile-access.ts';

interface RegisterFlags extends ProfileFlags {
  readonly accountRef?: string;
  readonly tenant?: string;
  readonly homeHost?: string;
  readonly shared?: boolean;
  readonly directory?: string;
  readonly label?: readonly string[];
  readonly operator?: string;
}

const DESCRIPTION =
  'Makes a profile known, with what the fleet must respect about it (ProfileRegistered). It replaces an earlier ' +
  'registration as a whole: what is not given again is forgotten. Waits until the record is folded.';

export const addProfileRegister = (parent: Command, io: Io): void => {
  const bounded = (name: string, max: number) => (text: string) => textOf(name, text, max);
  parent
    .command('register')
    .description(DESCRIPTION)
    .argument('<id>', 'profile id, 1 to 128 characters', profileIdOf)
    .option(
      '--account-ref <ref>',
      'account behind it, an opaque reference and never a secret',
      bounded('account reference', LENGTH_MAX.accountRef),
    )
    .option(
      '--tenant <name>',
      'only requests of this tenant are granted',
      bounded('tenant', LENGTH_MAX.tenant),
    )
    .option(
      '--home-host <host>',
      'host that keeps the directory; without --shared only its requests are granted',
      bounded('home host', LENGTH_MAX.host),
    )
    .option('--shared', 'the directory lies on storage that several hosts reach')
    .option('--directory <path>', 'absolute path of the profile directory', directoryOf)
    .option(
      '--label <label>',
      'selects policy overrides; may be repeated, 16 at most',
      (text: string, labels: readonly string[] | undefined) => withLabel(labels ?? [], text),
    )
    .option('--operator <name>', 'who registers it (env: WARDEN_OPERATOR; default: your login)')
    .option('--from-snapshot', 'begin from the verified snapshot of the read model')
    .action(async (profileId: string, _options, command: Command) => {
      await registerProfile(profileId, command.optsWithGlobals<RegisterFlags>(), io);
    });
};

const registerProfile = async (profileId: string, flags: RegisterFlags, io: Io): Promise<void> => {
  const event: EventOf<'ProfileRegistered'> = {
    type: 'ProfileRegistered',
    accountRef: flags.accountRef ?? null,
    tenant: flags.tenant ?? null,
    homeHost: flags.homeHost ?? null,
    sharedStorage: flags.shared === true,
    directory: flags.directory ?? null,
    labels: flags.label ?? [],
    registeredBy: personOf(flags.operator, io.env, 'operator'),
  };
  await withProfile(profileId, flags, io, async ({ log, view }) => {
    const id = `ProfileRegistered/${profileId}/${randomUUID()}`;
    const step = await appendAndWatch(log, view, { id, profileId, event });
    assertEffective('the registration', step);
    const effect = effectView(step);
    answer(io, flags, { profileId, ...effect }, () => [effectLine(`${profileId} registered`, effect)]);
  });
};
