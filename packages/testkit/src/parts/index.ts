export { freshDatabase, freshTopicName, parts } from './parts.ts';
export type { ProvidedParts } from './provided.ts';
