export { deciderDuty } from './duty.ts';
