import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import {
  ANSWER,
  BARE_PARTITIONS,
  BARE_TOPIC,
  REQUEST,
  bareConsumer,
  bareProducer,
  createBareTopic,
  joined,
} from './bare-topic.ts';
import type { Loop } from './load.ts';

/** The bare loop seen by its client, with the process that answers started beside it. */
export const openBareLoop = async (
  brokers: readonly string[],
): Promise<{ readonly loop: Loop; readonly close: () => Promise<void> }> => {
  await createBareTopic(brokers);
  const child = fork(fileURLToPath(new URL('./bare-loop.ts', import.meta.url)), [brokers.join()], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  await new Promise((resolve, reject) => {
    child.once('message', resolve);
    child.once('exit', () => reject(new Error('the bare loop ended before it was ready')));
  });
  const producer = bareProducer(brokers);
  await producer.connect();
  const consumer = await bareConsumer(brokers, 'bare-client');
  let queue: Promise<unknown> = Promise.resolve();
  const loop: Loop = {
    start: (onAnswer) =>
      joined(consumer, () =>
        consumer.run({
          autoCommit: false,
          partitionsConsumedConcurrently: BARE_PARTITIONS,
          eachBatch: ({ batch }) => {
            for (const { key, value } of batch.messages)
              if (value?.equals(ANSWER) === true) onAnswer(key?.toString() ?? '');
            return Promise.resolve();
          },
        }),
      ),
    // One send in flight, as everywhere.
    ask: (ids) => {
      const turn = queue.then(() =>
        producer.send({
          topic: BARE_TOPIC,
          acks: -1,
          messages: ids.map((id) => ({ key: id, value: REQUEST })),
        }),
      );
      queue = turn.catch(() => undefined);
      return turn;
    },
  };
  return {
    loop,
    close: async () => {
      child.disconnect();
      await consumer.disconnect();
      await producer.disconnect();
    },
  };
};
