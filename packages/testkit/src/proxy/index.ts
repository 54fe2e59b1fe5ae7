export { API_KEYS, type ApiName } from './api-key.ts';
export { DatabaseGate } from './database-gate.ts';
export { KafkaProxy } from './kafka-proxy.ts';
export type { Fate, Rule, RuleOptions } from './rule.ts';
export { StatementProxy } from './statement-proxy.ts';
