import { MemoryAppender } from './memory-appender.ts';
import { MemoryEpochWriter } from './memory-epoch.ts';
import { MemoryLogReader, type Assignment } from './memory-reader.ts';
import { MemoryTopic } from './memory-topic.ts';
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
}
