import { MemoryLog, VirtualClock, type Network } from '../memory/index.ts';
import { SESSION_MS, type LogUnderTest, type OpenLog } from './log-under-test.ts';

/** Ms of virtual time that pass in one go; nothing in the suite is that quick. */
const STRIDE_MS = 10;

/** A topic in memory on which time goes on by itself, as everywhere else. */
export const memoryLogUnderTest =
  (network: () => Network): OpenLog =>
  (partitionCount) => {
    const clock = new VirtualClock();
    const topic = new MemoryLog({ clock, network: network(), partitionCount, sessionMs: SESSION_MS });
    const process = clock.process();
    let isClosed = false;
    const goOn = async (): Promise<void> => {
      while (!isClosed) await clock.advance(STRIDE_MS);
    };
    const gone = goOn();
    const log: LogUnderTest = {
      partitionCount,
      schemaIds: topic.schemaIds,
      appender: () => topic.appender(process),
      epochWriter: () => topic.epochWriter(process),
      reader: (share) => topic.reader(process, share),
      leaveOpen: (partition, events) => {
        const at = topic.partition(partition);
        const producer = at.newProducer(topic.fences);
        const transaction = at.begin();
        producer.transaction = transaction;
        for (const sent of topic.encodeAll(events)) at.append(topic.store(sent), transaction);
        const end = (isCommitted: boolean): Promise<void> => {
          if (producer.isFenced) return Promise.reject(new Error('fenced'));
          at.finish(transaction, isCommitted);
          return Promise.resolve();
        };
        return Promise.resolve({ end });
      },
      plant: (partition, record) => Promise.resolve(void topic.plant(partition, record)),
      pass: (ms) => clock.sleep(ms),
      close: async () => {
        process.kill();
        isClosed = true;
        await gone;
      },
    };
    return Promise.resolve(log);
  };
