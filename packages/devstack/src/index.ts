export { createDatabase, databaseUrl } from './database.ts';
export { DevstackError, type DevstackErrorCode } from './error.ts';
export { kafkaTool, type KafkaToolOptions, type KafkaToolResult } from './kafka-tool.ts';
export {
  startStack,
  type PartName,
  type PartState,
  type Stack,
  type StackKind,
  type StackOptions,
} from './stack.ts';
