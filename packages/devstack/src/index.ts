export { startKafkaCluster, type KafkaCluster, type KafkaClusterOptions } from './cluster.ts';
export { createDatabase, createTemplate, databaseUrl } from './database.ts';
export { kafkaJars } from './download.ts';
export { DevstackError, type DevstackErrorCode } from './error.ts';
export { Guard } from './guard-client.ts';
export type { SecondListener } from './kafka.ts';
export { kafkaTool, type KafkaToolOptions, type KafkaToolResult } from './kafka-tool.ts';
export { freePort } from './port.ts';
export type { ServiceHandle } from './service.ts';
export {
  SERVICE_NAMES,
  startServices,
  type ServiceName,
  type Services,
  type ServicesOptions,
  type ServicesTarget,
} from './services.ts';
export { startStack } from './stack-start.ts';
export type { PartName, PartState, Stack, StackKind, StackOptions } from './stack.ts';
