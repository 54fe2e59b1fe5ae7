export { MemoryAppender } from './memory-appender.ts';
export { FencedError, MemoryEpochWriter } from './memory-epoch.ts';
export { MemoryGroup } from './memory-group.ts';
export { MemoryLog } from './memory-log.ts';
export type { MemoryTopicOptions } from './memory-topic.ts';
export { MemoryLogReader } from './memory-reader.ts';
export { DONE, LOST, ScriptedNetwork, UNANSWERED, late } from './network.ts';
export type { Fate, Network, RequestKind } from './network.ts';
export { ProcessClock, VirtualClock, settle } from './virtual-clock.ts';
