export { detectorDuty } from './duty.ts';
export { runTicker } from './ticker.ts';
