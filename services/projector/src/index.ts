export { projectorDuty } from './duty.ts';
export { FenceKeeper } from './fence/fence-keeper.ts';
export { fenceGateway } from './fence/gateway.ts';
export type { FenceGateway } from './fence/gateway.ts';
export { Projections } from './read-model/projections.ts';
export type { ReadModelStore, StoredPosition } from '@profile-warden/projection';
export type { OnProjectorSignal } from './signals.ts';
