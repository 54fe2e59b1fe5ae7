import type { Edit } from './mutants.ts';

/** A test by its file and its title, which must be the only one of that title in the file. */
export interface NamedTest {
  readonly project: 'unit' | 'integration';
  /** From the root of the tree. */
  readonly file: string;
  readonly title: string;
}

/** The runtime with one thing wrong that would be easy to get wrong. */
export interface RuntimeMutant {
  readonly name: string;
  /** What somebody might have thought. */
  readonly says: string;
  readonly caughtBy: NamedTest;
  readonly edits: readonly Edit[];
}

const unit = (file: string, title: string): NamedTest => ({ project: 'unit', file, title });

const OPENER = 'services/lease-authority/src/epoch-opener.ts';
const EPOCH = 'packages/kafka/src/transactional-epoch.ts';
const RUN = 'packages/service/src/runtime/partition-run.ts';
const COMMITTED = 'packages/kafka/src/committed.ts';
const BATCH = 'packages/postgres/src/apply-batch.ts';
const DETECTOR = 'services/stale-detector/src/duty.ts';

export const RUNTIME_MUTANTS: readonly RuntimeMutant[] = [
  {
    name: 'no-barrier',
    says: 'the group has given us the partition, so it is early enough to fence with the first decision',
    caughtBy: unit(
      'services/lease-authority/src/epoch-opener.spec.ts',
      'writes the barrier before anything is read',
    ),
    edits: [
      {
        file: OPENER,
        find: '    const epoch = await writer.takeOver(partition, barrier, signal);\n',
        replace: `    let taken: ReturnType<EpochWriter['takeOver']> | null = null;
    const epoch = () => (taken ??= writer.takeOver(partition, barrier, signal));\n`,
      },
      {
        file: OPENER,
        find: 'pay: (events) => epoch.commit(events),',
        replace: 'pay: async (events) => (await epoch()).commit(events),',
      },
      {
        file: OPENER,
        find: 'close: () => epoch.close(),',
        replace: 'close: async () => (await taken)?.close(),',
      },
      {
        file: OPENER,
        find: "folded.epoch < epoch.epoch ? 'restoring' : folded.epoch === epoch.epoch ? 'live' : 'lost',",
        replace: "folded.nextOffset >= _range.end ? 'live' : 'restoring',",
      },
    ],
  },
  {
    name: 'barrier-not-awaited',
    says: 'whoever has taken over is the only writer, so it may decide at once',
    caughtBy: unit(
      'services/lease-authority/src/epoch-opener.spec.ts',
      'is restoring before its own barrier is folded, live with it, lost with a later one',
    ),
    edits: [
      {
        file: OPENER,
        find: "folded.epoch < epoch.epoch ? 'restoring' : folded.epoch === epoch.epoch ? 'live' : 'lost',",
        replace: "folded.epoch <= epoch.epoch ? 'live' : 'lost',",
      },
    ],
  },
  {
    name: 'producer-reused',
    says: 'one transaction has failed, the next may succeed',
    caughtBy: unit(
      'packages/kafka/src/transactional-epoch.spec.ts',
      'has done with its producer after a failed send',
    ),
    edits: [
      {
        file: EPOCH,
        find: '      void work.catch(() => undefined).then(() => this.#disconnect());\n      throw this.#die(error);',
        replace: '      throw epochLost(partition, error);',
      },
    ],
  },
  {
    name: 'two-sends-in-flight',
    says: 'the library numbers what it sends, so nobody has to wait for anybody',
    caughtBy: unit(
      'packages/kafka/src/transactional-epoch.spec.ts',
      'has one transaction at a time, whoever asks meanwhile',
    ),
    edits: [
      {
        file: EPOCH,
        find: 'const turn = this.#queue.then(() => this.#transact(events));',
        replace: 'const turn = this.#transact(events);',
      },
    ],
  },
  {
    name: 'reply-before-commit',
    says: 'every broker has the events, so the commit is a formality',
    caughtBy: unit(
      'packages/kafka/src/transactional-epoch.spec.ts',
      'says that its events are in the log once the commit was answered, and not before',
    ),
    edits: [
      {
        file: EPOCH,
        find: '  await transaction.commit();',
        replace: '  void transaction.commit().catch(() => undefined);',
      },
    ],
  },
  {
    name: 'paid-during-restore',
    says: 'what is owed is owed, whether the record is new or old',
    caughtBy: unit(
      'packages/service/src/runtime/partition-run.spec.ts',
      'pays nothing before the end of the log at its start is folded, and then what is owed, once',
    ),
    edits: [
      {
        file: RUN,
        find: 'if (!this.isLive || this.#options.signal.aborted) return;',
        replace: 'if (this.#options.signal.aborted) return;',
      },
      {
        file: RUN,
        find: 'return this.isLive && this.#opening === opening',
        replace: 'return this.#opening === opening',
      },
    ],
  },
  {
    name: 'offset-outside',
    says: 'the position is only a hint, so it may be written on its own',
    caughtBy: {
      project: 'integration',
      file: 'packages/postgres/src/apply-batch.int.spec.ts',
      title: 'leaves the position where it was when one of its rows cannot be written',
    },
    edits: [
      {
        file: BATCH,
        find: '  await movePosition(client, batch);\n',
        replace: "  await movePosition(client, batch);\n  await client.query('commit and chain');\n",
      },
    ],
  },
  {
    name: 'wall-clock-in-detection',
    says: 'between two ticks time goes on too',
    caughtBy: unit(
      'services/stale-detector/src/duty.spec.ts',
      'counts silence by the ticks alone, with a clock of its own that is 3600000 ms off',
    ),
    edits: [
      {
        file: DETECTOR,
        find: 'const event = owedByDetector(view.caseOf(profile));',
        replace: `const one = view.caseOf(profile);
      const passedMs = Date.now() - (one.state.lastTick?.brokerMs ?? Date.now());
      const event = owedByDetector({ ...one, state: { ...one.state, logMs: one.state.logMs + passedMs } });`,
      },
    ],
  },
  {
    name: 'aborted-unfiltered',
    says: 'the broker was asked for committed data, so it sends no other',
    caughtBy: unit(
      'packages/kafka/src/committed.spec.ts',
      'hides two overlapping aborted transactions, listed by the broker in the order they ended',
    ),
    edits: [
      {
        file: COMMITTED,
        find: 'lastOffset >= from && !(batch.isTransactional && aborted.has(producerId))',
        replace: 'lastOffset >= from',
      },
    ],
  },
  {
    name: 'generation-unchecked',
    says: 'a revoked partition is told of, so nobody has to ask',
    caughtBy: unit(
      'packages/service/src/runtime/effects.spec.ts',
      'waits while the group has not confirmed the partition for a session, and comes once it has',
    ),
    edits: [
      {
        file: RUN,
        find: 'this.#isLiveUnder(opening) && options.mayAct(),',
        replace: 'this.#isLiveUnder(opening),',
      },
      { file: RUN, find: '    if (!mayAct()) {', replace: '    if (!mayAct) {' },
    ],
  },
];
