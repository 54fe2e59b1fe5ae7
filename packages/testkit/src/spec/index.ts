export { PartitionLog } from './partition-log.ts';
export {
  deciderPays,
  detectorPays,
  inReview,
  inspected,
  looked,
  projectorPays,
  silenced,
  silentInPayment,
} from './recovery-moves.ts';
export {
  authorityPays,
  beating,
  elapse,
  everyonePays,
  given,
  granted,
  logOf,
  now,
  on,
  withPolicy,
} from './scenario.ts';
export type { Expected, Given, Move } from './scenario.ts';
export {
  decided,
  evidence,
  fenceConfirmed,
  finding,
  findings,
  hostReported,
  leaseGranted,
  massSilence,
  quarantineRequested,
  registered,
  reviewResolved,
  suspected,
} from './service-events.ts';
export {
  beat,
  checkpoint,
  releaseRequested,
  request,
  silenceAnnounced,
  stepCompleted,
  stepStarted,
  workerStarted,
  writeRefused,
} from './worker-events.ts';
