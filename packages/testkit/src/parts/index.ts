export { freshDatabase, freshTopicName, parts, preparedDatabase } from './parts.ts';
export type { ProvidedParts } from './provided.ts';
