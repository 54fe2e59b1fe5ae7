import { EVENT_TYPES, type EventType } from '@profile-warden/events';
import { tick } from '@profile-warden/testkit/contract';
import type { Producer } from 'kafkajs';
import { describe, expect, it } from 'vitest';
import { EpochLostError } from './epoch-error.ts';
import { TransactionalEpoch } from './transactional-epoch.ts';

type Call = 'transaction' | 'send' | 'commit';

/** A producer that notes its calls; each is answered when the test says so, and fails where that is asked for. */
class ScriptedProducer {
  readonly calls: string[] = [];
  readonly #failing: Call | null;
  readonly #held: (() => void)[] = [];
  #offset = 10;

  constructor(failing: Call | null = null) {
    this.#failing = failing;
  }

  /** Everything asked for so far is answered, and what follows from that is asked for. */
  async answer(): Promise<void> {
    for (const answer of this.#held.splice(0)) answer();
    await new Promise(setImmediate);
  }

  async answerAll(): Promise<void> {
    await new Promise(setImmediate);
    while (this.#held.length > 0) await this.answer();
  }

  epoch(): TransactionalEpoch {
    return new TransactionalEpoch(3, {
      producer: this as unknown as Producer,
      topic: 't',
      partition: 0,
      partitionCount: 1,
      schemaIds: new Map<EventType, number>(EVENT_TYPES.map((type, index) => [type, index + 1])),
      source: 'spec',
      transactionCountMax: 10,
      commitMsMax: 5_000,
    });
  }

  async transaction(): Promise<unknown> {
    await this.#call('transaction');
    return {
      send: async ({ messages }: { readonly messages: readonly unknown[] }) => {
        await this.#call('send');
        this.#offset += messages.length;
        return [{ baseOffset: String(this.#offset - messages.length) }];
      },
      commit: () => this.#call('commit'),
    };
  }

  disconnect(): Promise<void> {
    this.calls.push('disconnect');
    return Promise.resolve();
  }

  #call(call: Call): Promise<void> {
    this.calls.push(call);
    return new Promise((resolve, reject) =>
      this.#held.push(() => (call === this.#failing ? reject(new Error(`no ${call}`)) : resolve())),
    );
  }
}

describe('an epoch', () => {
  it('says that its events are in the log once the commit was answered, and not before', async () => {
    const producer = new ScriptedProducer();
    let offsets: readonly number[] | null = null;
    const committed = producer
      .epoch()
      .commit([tick(1), tick(2)])
      .then((paid) => (offsets = paid));
    await new Promise(setImmediate);
    for (let answers = 0; producer.calls.at(-1) !== 'commit' && answers < 5; answers += 1)
      await producer.answer();
    expect(producer.calls).toEqual(['transaction', 'send', 'commit']);
    expect(offsets).toBeNull();
    await producer.answer();
    await committed;
    expect(offsets).toEqual([10, 11]);
  });

  it('has one transaction at a time, whoever asks meanwhile', async () => {
    const producer = new ScriptedProducer();
    const epoch = producer.epoch();
    const commits = [epoch.commit([tick(1)]), epoch.commit([tick(2)]), epoch.commit([tick(3)])];
    await producer.answerAll();
    const one = ['transaction', 'send', 'commit'];
    expect(producer.calls).toEqual([...one, ...one, ...one]);
    expect(await Promise.all(commits)).toEqual([[10], [11], [12]]);
  });

  it.each(['transaction', 'send', 'commit'] as const)(
    'has done with its producer after a failed %s',
    async (failing) => {
      const producer = new ScriptedProducer(failing);
      const epoch = producer.epoch();
      const commits = [epoch.commit([tick(1)]), epoch.commit([tick(2)])];
      const outcomes = Promise.allSettled(commits);
      await producer.answerAll();
      for (const outcome of await outcomes)
        expect(outcome).toMatchObject({ status: 'rejected', reason: expect.any(EpochLostError) as unknown });
      const last = producer.calls.indexOf(failing);
      expect(new Set(producer.calls.slice(last + 1))).toEqual(new Set(['disconnect']));
    },
  );
});
