import type { HostStatus } from '@profile-warden/events';
import type { Command } from 'commander';
import { randomUUID } from 'node:crypto';
import { LENGTH_MAX, textOf } from '../input.ts';
import type { Io } from '../io.ts';
import { WardenLog } from '../log/warden-log.ts';
import { answer } from '../output.ts';
import { personOf } from '../person.ts';
import { logSettings, type ConnectionFlags } from '../settings.ts';

interface HostFlags extends ConnectionFlags {
  readonly reason: string;
  readonly operator?: string;
}

const DEAD =
  'Attests that a host is off, to every partition (HostReported): leases taken there before are suspected at once, ' +
  'and their holders count as gone, so their profiles may be given to others. Never say it of a host that may ' +
  'still run.';
const DRAINING =
  'Says that a host is being drained, to every partition (HostReported): it gets no new leases, and those it has ' +
  'are told to stop. The next report of its collector that it is up ends it.';

export const addHost = (program: Command, io: Io): void => {
  const host = program.command('host').description('What is known about a host.');
  addReport(host, io, 'attest-dead', 'dead', DEAD);
  addReport(host, io, 'drain', 'draining', DRAINING);
};

const addReport = (parent: Command, io: Io, name: string, status: HostStatus, description: string): void => {
  parent
    .command(name)
    .description(description)
    .argument('<host>', 'host id, as leases name it', (text: string) => textOf('host', text, LENGTH_MAX.host))
    .requiredOption('--reason <text>', 'why, for the log', (text: string) =>
      textOf('reason', text, LENGTH_MAX.hostReason),
    )
    .option('--operator <name>', 'who says so (env: WARDEN_OPERATOR; default: your login)')
    .action(async (hostId: string, _options, command: Command) => {
      await reportHost(hostId, status, command.optsWithGlobals<HostFlags>(), io);
    });
};

const reportHost = async (hostId: string, status: HostStatus, flags: HostFlags, io: Io): Promise<void> => {
  const settings = logSettings(flags, io.env);
  const reportedBy = personOf(flags.operator, io.env, 'operator');
  const { reason } = flags;
  const act = randomUUID();
  const log = await WardenLog.open(settings);
  try {
    const offsets = await log.append(
      Array.from({ length: settings.partitionCount }, (_, partition) => ({
        id: `HostReported/${partition}/${act}`,
        profileId: null,
        partition,
        event: { type: 'HostReported', hostId, bootId: null, status, reportedBy, reason } as const,
      })),
    );
    answer(io, flags, { hostId, status, offsets }, () => [
      `host ${hostId} reported ${status} to ${offsets.length} partitions`,
      ...offsets.map((offset, partition) => `  partition ${partition}, offset ${offset}`),
    ]);
  } finally {
    log.close();
  }
};
