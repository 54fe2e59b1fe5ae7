import { FOLD_VERSION } from './bounds.ts';
import type { History, PartitionState, ProfileState, Pulse, TaskOrigin } from './state.ts';

export const emptyPartition = (partition: number): PartitionState => ({
  partition,
  foldVersion: FOLD_VERSION,
  nextOffset: 0,
  logMs: 0,
  lastTick: null,
  epoch: -1,
  firstRecordId: null,
  lastRecord: null,
  massSilence: null,
  hosts: new Map(),
  workers: new Map(),
  profiles: new Map(),
  tally: { read: 0, applied: 0, undecodable: 0, foreign: 0, ignored: new Map() },
});

export const emptyHistory = (
  task: { taskId: string; readOnly: boolean; origin: TaskOrigin } | null = null,
): History => ({
  taskId: task?.taskId ?? null,
  readOnly: task?.readOnly ?? false,
  origin: task?.origin ?? null,
  openSteps: [],
  openOverflow: false,
  inFlight: [],
  completed: [],
  lastStep: null,
  anyStep: false,
  unsafeOffset: null,
  finalDone: false,
  checkpoints: [],
  done: [],
  screenshot: null,
});

export const emptyPulse: Pulse = {
  lastReport: null,
  heartbeat: null,
  reachable: null,
  browser: null,
  loopLagMs: 0,
  stepSeen: false,
  announced: null,
  stop: null,
  release: null,
  countedBy: null,
  lateReportCount: 0,
  refusedWriteCount: 0,
};

export const newProfile = (
  profileId: string,
  since: { offset: number; logMs: number; brokerMs: number },
): ProfileState => ({
  profileId,
  registration: null,
  stage: { kind: 'available', why: 'new', taskId: null },
  since,
  token: 0,
  highestToken: 0,
  round: 0,
  lease: null,
  pulse: null,
  history: emptyHistory(),
  requests: [],
  answered: [],
  operatorRequest: null,
  dualUse: null,
  reappearedOffset: null,
  unreadableOffset: null,
  fencedOffset: null,
  recoveries: null,
  lastBrowser: null,
});
