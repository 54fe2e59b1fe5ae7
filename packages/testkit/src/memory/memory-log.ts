import { MemoryAppender } from './memory-appender.ts';
import { MemoryEpochWriter } from './memory-epoch.ts';
import { MemoryLogReader, type Assignment } from './memory-reader.ts';
import { MemoryTopic } from './memory-topic.ts';
import { request } from './network.ts';
import type { ProcessClock } from './virtual-clock.ts';

/** The topic with the clients that the ports of the events ask for, each at home in one process. */
export class MemoryLog extends MemoryTopic {
  appender(clock: ProcessClock): MemoryAppender {
    return new MemoryAppender(this, clock);
  }

  epochWriter(clock: ProcessClock): MemoryEpochWriter {
    return new MemoryEpochWriter(this, clock);
  }

  reader(clock: ProcessClock, assignment: Assignment): MemoryLogReader {
    return new MemoryLogReader(this, clock, assignment);
  }

  /** The offset that comes next, as a client asks for it. */
  end(clock: ProcessClock, partition: number): Promise<number> {
    return request(clock, this.network.fate('range'), () => this.partition(partition).end);
  }
}
