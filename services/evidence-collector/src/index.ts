export { collectorDuty } from './duty.ts';
export type { HostFindings, HostRequest } from './host/index.ts';
