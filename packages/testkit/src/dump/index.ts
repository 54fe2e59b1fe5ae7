export { dumpRaw, dumpTopic, type DumpSource, type Isolation } from './console-dump.ts';
export { judge, type Judgement, type JudgementOptions } from './judgement.ts';
