export { installTarball } from './consumer.ts';
export type { Consumer } from './consumer.ts';
export { packPackage } from './tarball.ts';
export type { Tarball } from './tarball.ts';
export { readmeBlock } from './readme.ts';
