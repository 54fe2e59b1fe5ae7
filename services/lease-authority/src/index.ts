export { authorityDuty } from './duty.ts';
export { epochOpener } from './epoch-opener.ts';
