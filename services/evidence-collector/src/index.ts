export { collectorDuty } from './duty.ts';
export { lookAtHost } from './host/index.ts';
export type { HostFindings, HostRequest } from './host/index.ts';
