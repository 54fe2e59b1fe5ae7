export { AuthorityClient } from './authority-client.ts';
export type { Answer } from './authority-client.ts';
