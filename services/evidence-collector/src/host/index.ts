export { lookAtHost } from './host-look.ts';
export type { HostFindings, HostRequest } from './request.ts';
