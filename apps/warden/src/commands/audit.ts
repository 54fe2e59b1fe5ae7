import { INVARIANTS, INVARIANT_IDS, PartitionAudit, type Violation } from '@profile-warden/domain';
import type { Command } from 'commander';
import { foundWrong } from '../failure.ts';
import { wholeNumber } from '../input.ts';
import type { Io } from '../io.ts';
import { WardenLog } from '../log/warden-log.ts';
import { answer } from '../output.ts';
import { logSettings, type ConnectionFlags } from '../settings.ts';

interface AuditFlags extends ConnectionFlags {
  readonly suspectAfterMs?: number;
}

interface AuditReport {
  readonly recordCount: number;
  readonly checked: Readonly<Record<string, number>>;
  readonly violationCount: number;
  readonly violations: readonly Violation[];
  readonly unansweredCount: number;
}

const DESCRIPTION =
  `Folds every partition from its first record and checks what a log can show of the invariants: ${INVARIANT_IDS.join(', ')}. ` +
  'Exit code 1 where one does not hold. Requests that wait for their answer are counted and no violation. A log that ' +
  'has lost its beginning to retention cannot be audited.';

export const addAudit = (program: Command, io: Io): void => {
  program
    .command('audit')
    .description(DESCRIPTION)
    .option(
      '--suspect-after-ms <ms>',
      "the policy's suspectAfterMs, for I10 (default: what each suspicion claims)",
      (text: string) => wholeNumber('suspect-after-ms', text, { min: 0, max: 86_400_000 }),
    )
    .action(async (_options, command: Command) => {
      const flags = command.optsWithGlobals<AuditFlags>();
      const report = await audit(flags, io);
      answer(io, flags, report, () => reportLines(report));
      if (report.violationCount > 0)
        throw foundWrong('invariant-violated', `${report.violationCount} violations, see above`);
    });
};

const audit = async (flags: AuditFlags, io: Io): Promise<AuditReport> => {
  const settings = logSettings(flags, io.env);
  const log = await WardenLog.open(settings);
  try {
    const audits: PartitionAudit[] = [];
    let recordCount = 0;
    for (let partition = 0; partition < settings.partitionCount; partition += 1) {
      const one = new PartitionAudit({ partition, suspectAfterMs: flags.suspectAfterMs ?? 0 });
      const { state } = await log.fold(partition, { onFolded: (step) => one.take(step) });
      one.finish(state);
      recordCount += state.tally.read;
      audits.push(one);
    }
    const sum = (count: (one: PartitionAudit) => number): number =>
      audits.reduce((total, one) => total + count(one), 0);
    return {
      recordCount,
      checked: Object.fromEntries(INVARIANT_IDS.map((id) => [id, sum((one) => one.checkedCount(id))])),
      violationCount: sum((one) => one.violationCount),
      violations: audits.flatMap(({ violations }) => violations),
      unansweredCount: sum((one) => one.unansweredCount),
    };
  } finally {
    log.close();
  }
};

const reportLines = (report: AuditReport): string[] => [
  ...INVARIANT_IDS.map((id) => {
    const broken = report.violations.filter(({ invariant }) => invariant === id).length;
    return `${id.padEnd(4)} ${broken === 0 ? 'held ' : 'BROKEN'} ${String(report.checked[id] ?? 0).padStart(8)} checked  ${INVARIANTS[id]}`;
  }),
  ...report.violations.map(
    ({ invariant, partition, offset, profileId, detail }) =>
      `${invariant} partition ${partition} offset ${offset}${profileId === null ? '' : ` ${profileId}`}: ${detail}`,
  ),
  `${report.recordCount} records, ${report.violationCount} violations, ${report.unansweredCount} requests wait for their answer`,
];
