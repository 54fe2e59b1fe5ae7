export { describeWith } from './needed-program.ts';
export { freshDatabase, freshTopicName, parts, preparedDatabase } from './parts.ts';
export type { ProvidedParts } from './provided.ts';
