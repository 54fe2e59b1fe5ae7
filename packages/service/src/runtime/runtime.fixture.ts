import {
  DEFAULT_POLICY,
  authorityDeadline,
  emptyPartition,
  evolve,
  owedByAuthority,
  owedByProjector,
  type PartitionState,
  type Policy,
} from '@profile-warden/domain';
import type { EventOf, LogRecord, WardenEvent } from '@profile-warden/events';
import {
  MemoryLog,
  ScriptedNetwork,
  VirtualClock,
  type MemoryLogReader,
  type ProcessClock,
} from '@profile-warden/testkit/memory';
import { quarantineRequested, request } from '@profile-warden/testkit/spec';
import { appendingOpener } from './appending.ts';
import type { Duty, Opener, PartitionView, Work } from './duty.ts';
import { FoldAndPay } from './fold-and-pay.ts';
import type { RuntimeSignal } from './signals.ts';

const POLICY: Policy = { ...DEFAULT_POLICY, fenceTargets: ['accounts'] };

type Of<K> = Extract<WardenEvent, { type: K }>;

export interface Running {
  readonly runtime: FoldAndPay;
  readonly process: ProcessClock;
  readonly reader: MemoryLogReader;
  readonly signals: RuntimeSignal[];
}

/** One topic, one clock, and as many runtimes on them as a spec starts. */
export class Bench {
  readonly clock = new VirtualClock();
  readonly network = new ScriptedNetwork();
  readonly log: MemoryLog;
  #written = 0;

  constructor(partitionCount = 1) {
    this.log = new MemoryLog({ clock: this.clock, network: this.network, partitionCount });
  }

  /** Written past every fault, by somebody else. */
  say(profileId: string | null, event: WardenEvent, partition = 0): number {
    this.#written += 1;
    return this.log.write({
      id: `said-${this.#written}`,
      profileId,
      ...(profileId === null ? { partition } : {}),
      event,
    });
  }

  /** A tick of the detector, so much after the one before. */
  async tick(ms: number): Promise<void> {
    await this.clock.advance(ms);
    this.say(null, { type: 'ClockTicked', intervalMs: ms, epoch: this.state().epoch });
    await this.clock.advance(0);
  }

  barrier(): void {
    this.say(null, { type: 'AuthorityEpochStarted', foldVersion: 1, instanceId: 'somebody' });
  }

  /** The profile is leased and quarantined by an authority that nobody sees at work. */
  quarantine(profileId: string): void {
    if (this.state().epoch < 0) this.barrier();
    this.say(profileId, request(`r-${profileId}`));
    this.decide();
    this.say(profileId, quarantineRequested(this.state().profiles.get(profileId)?.token));
    this.decide();
  }

  /** Pays everything that an authority owes, at once and outside of any transaction. */
  decide(): void {
    const state = this.state();
    for (const profile of state.profiles.values())
      for (const decision of owedByAuthority({ state, profile, policy: POLICY }))
        this.say(profile.profileId, { ...decision, epoch: state.epoch });
  }

  state(partition = 0): PartitionState {
    const state = emptyPartition(partition);
    const { records, nextOffset } = this.log.committed(partition);
    for (const record of records) evolve(state, record);
    state.nextOffset = nextOffset;
    return state;
  }

  records(partition = 0): readonly LogRecord[] {
    return this.log.committed(partition).records;
  }

  of<K extends WardenEvent['type']>(type: K): readonly Of<K>[] {
    return this.records()
      .map(({ event }) => event)
      .filter((event): event is Of<K> => event.type === type);
  }

  async start(
    duty: Duty,
    about: {
      readonly opener?: Opener;
      readonly group?: string;
      readonly process?: ProcessClock;
      readonly failureIsLoss?: boolean;
    } = {},
  ): Promise<Running> {
    const process = about.process ?? this.clock.process();
    const signals: RuntimeSignal[] = [];
    const assignment = about.group === undefined ? { partitions: [0] } : { groupId: about.group };
    const reader = this.log.reader(process, assignment);
    const runtime = new FoldAndPay({
      duty,
      policy: POLICY,
      reader,
      opener: about.opener ?? appendingOpener(this.log.appender(process)),
      clock: process,
      random: () => 0.5,
      failureIsLoss: about.failureIsLoss ?? false,
      onSignal: (signal) => signals.push(signal),
    });
    await runtime.start();
    await this.clock.advance(0);
    return { runtime, process, reader, signals };
  }

  /** A runtime that decides under epochs of its own. */
  startAuthority(about: { readonly group?: string; readonly duty?: Duty } = {}): Promise<Running> {
    const process = this.clock.process();
    const { duty = authorityLike(), ...rest } = about;
    return this.start(duty, {
      ...rest,
      process,
      failureIsLoss: true,
      opener: epochOpening(this.log, process),
    });
  }
}

/** Confirms every fence that is owed, by a plain append. */
export const fencing = (): Duty & { readonly gathered: string[] } => {
  const gathered: string[] = [];
  return {
    gathered,
    gather: (_view, profiles) =>
      profiles.flatMap((profile) => {
        gathered.push(profile.profileId);
        return owedByProjector(profile).map((target) => ({
          scope: profile.profileId,
          event: confirmed(profile.token, target),
        }));
      }),
    deadline: () => null,
  };
};

export const confirmed = (token: number, target = 'accounts'): EventOf<'FenceConfirmed'> => ({
  type: 'FenceConfirmed',
  token,
  target,
  databaseIncarnation: 'db1',
});

/** The same debts, each paid by an errand that the spec lets go. */
export const errandDuty = (
  run: (profileId: string, signal: AbortSignal, token: number) => Promise<WardenEvent | null>,
): Duty => ({
  gather: (_view, profiles) =>
    profiles.flatMap(({ profileId, stage, token, round }) =>
      stage.kind === 'quarantined' && stage.fencedLogMs === null
        ? [
            {
              scope: profileId,
              key: `${profileId}/${token}/${round}`,
              run: (signal) => run(profileId, signal, token),
            } satisfies Work,
          ]
        : [],
    ),
  deadline: () => null,
});

/** Decides as the domain says, and counts who it was asked about. */
export const authorityLike = (): Duty & { readonly gathered: string[] } => {
  const gathered: string[] = [];
  return {
    gathered,
    gather: (view: PartitionView, profiles) =>
      profiles.flatMap((profile) => {
        gathered.push(profile.profileId);
        return owedByAuthority(view.caseOf(profile)).map((decision) => ({
          scope: profile.profileId,
          event: { ...decision, epoch: view.state.epoch },
        }));
      }),
    deadline: authorityDeadline,
  };
};

/** Takes a partition over by a barrier, live once that is folded. */
export const epochOpening =
  (log: MemoryLog, process: ProcessClock): Opener =>
  async (partition, _range, state, signal) => {
    const event = { type: 'AuthorityEpochStarted', foldVersion: 1, instanceId: 'a1' } as const;
    const id = `barrier-${state.nextOffset}`;
    const epoch = await log
      .epochWriter(process)
      .takeOver(partition, { id, profileId: null, partition, event }, signal);
    return {
      state,
      payer: { pay: (events) => epoch.commit(events), eventsMax: 500, close: () => epoch.close() },
      standing: (folded) =>
        folded.epoch < epoch.epoch ? 'restoring' : folded.epoch === epoch.epoch ? 'live' : 'lost',
    };
  };
