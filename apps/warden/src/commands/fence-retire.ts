import type { Command } from 'commander';
import { randomUUID } from 'node:crypto';
import { refused } from '../failure.ts';
import {
  confirmationBy,
  retirementRefusal,
  vouchedFor,
  waitingFor,
  type WaitingCase,
} from '../fence/retirement.ts';
import { TargetRecords } from '../fence/target-record.ts';
import { LENGTH_MAX, textOf } from '../input.ts';
import type { Io } from '../io.ts';
import { appendAndWatch, effectLine, effectView, type EffectView } from '../log/effect.ts';
import { viewPartition, type PartitionView } from '../log/partition-view.ts';
import { WardenLog } from '../log/warden-log.ts';
import { answer } from '../output.ts';
import { personOf } from '../person.ts';
import { ReadModel } from '../read-model/read-model.ts';
import { logSettings, requiredDatabaseUrl, type ConnectionFlags } from '../settings.ts';

interface RetireFlags extends ConnectionFlags {
  readonly reason: string;
  readonly yes?: boolean;
  readonly operator?: string;
}

type Confirmed = WaitingCase & EffectView;

/** Bound of the name in the log. */
const TARGET_LENGTH_MAX = 128;

const DESCRIPTION =
  'Ends what waits for a fence target that is out of service for good: you vouch that nothing can be committed in ' +
  'that database any more under the tokens of the waiting cases, and each is confirmed in its place ' +
  '(FenceConfirmed); the read model records who said so and why. Without --yes it shows what you would vouch for ' +
  'and for which cases, and changes nothing. Refused (exit code 3) where a projector serves the target, or none ' +
  'ever did. Folds the whole log. Ended half-way it may be run again.';

export const addFence = (program: Command, io: Io): void => {
  program
    .command('fence')
    .description('Databases that must confirm a fence.')
    .command('retire')
    .description(DESCRIPTION)
    .argument('<name>', 'name of the target in WARDEN_FENCE_TARGETS', (text: string) =>
      textOf('name', text, TARGET_LENGTH_MAX),
    )
    .requiredOption('--reason <text>', 'why, for the record', (text: string) =>
      textOf('reason', text, LENGTH_MAX.reason),
    )
    .option('--yes', 'vouch for it')
    .option('--operator <name>', 'who vouches (env: WARDEN_OPERATOR; default: your login)')
    .action(async (target: string, _options, command: Command) => {
      await retire(target, command.optsWithGlobals<RetireFlags>(), io);
    });
};

const retire = async (target: string, flags: RetireFlags, io: Io): Promise<void> => {
  const settings = logSettings(flags, io.env);
  const url = requiredDatabaseUrl(flags, io.env);
  const person = personOf(flags.operator, io.env, 'operator');
  const records = new TargetRecords(url);
  const readModel = new ReadModel(url);
  let log: WardenLog | null = null;
  try {
    const address = await retirableAddress(records, target);
    log = await WardenLog.open(settings);
    const views: PartitionView[] = [];
    for (let partition = 0; partition < settings.partitionCount; partition += 1)
      views.push(await viewPartition(log, { partition, readModel, fromSnapshot: false }));
    const waiting = views.flatMap(({ state }) => waitingFor(state, target));
    if (flags.yes !== true) {
      answer(io, flags, { target, address, vouched: false, cases: waiting }, () =>
        planLines(target, address, waiting),
      );
      return;
    }
    // A list that was changed while the log was folded counts.
    await retirableAddress(records, target);
    await records.retire(target, address, person, flags.reason);
    const confirmed: Confirmed[] = [];
    for (const view of views)
      for (const one of waiting.filter(({ partition }) => partition === view.state.partition))
        confirmed.push(await confirm(log, view, one, confirmationBy(person, target, one)));
    answer(io, flags, { target, address, vouched: true, person, cases: confirmed }, () => [
      ...confirmed.map((one) => effectLine(`  ${caseText(one)}: confirmed`, one)),
      `${target} (${address}) is retired, says ${person}; ${confirmed.length} cases do not wait for it any more`,
    ]);
  } finally {
    log?.close();
    await Promise.all([records.close(), readModel.close()]);
  }
};

/** Where the target was; throws where nobody may vouch for it. */
const retirableAddress = async (records: TargetRecords, target: string): Promise<string> => {
  const record = await records.read(target);
  const refusal = retirementRefusal(target, record);
  if (refusal !== null) throw refused(refusal.code, refusal.message);
  return record.newest?.address ?? '';
};

/** Ignored by the fold only where the case has stopped waiting meanwhile, which is as good. */
const confirm = async (
  log: WardenLog,
  view: PartitionView,
  one: WaitingCase,
  event: ReturnType<typeof confirmationBy>,
): Promise<Confirmed> => {
  const { profileId, token } = one;
  const id = `FenceConfirmed/${profileId}/${token}/${event.target}/${randomUUID()}`;
  return { ...one, ...effectView(await appendAndWatch(log, view, { id, profileId, event })) };
};

const caseText = ({ profileId, token, round, partition, sinceOffset }: WaitingCase): string =>
  `${profileId}, token ${token}, round ${round}, partition ${partition}, quarantined at offset ${sinceOffset}`;

const planLines = (target: string, address: string, waiting: readonly WaitingCase[]): readonly string[] => [
  ...vouchedFor(target, address),
  ...waiting.map(
    (one) =>
      `  ${caseText(one)}` +
      (one.alsoWaitsFor.length === 0 ? '' : `; it also waits for ${one.alsoWaitsFor.join(', ')}`),
  ),
  `${waiting.length} cases wait for it. Nothing was changed: with --yes you vouch for it`,
];
