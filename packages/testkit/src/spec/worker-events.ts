import type { BrowserState, EventOf, StepKind } from '@profile-warden/events';

/** What a fleet says, with the defaults of a worker that does everything right. `about` overrides single fields. */
type About<E> = Partial<Omit<E, 'type'>>;

export const request = (
  requestId = 'r1',
  about: About<EventOf<'LeaseRequested'>> = {},
): EventOf<'LeaseRequested'> => ({
  type: 'LeaseRequested',
  requestId,
  workerId: 'w1',
  incarnation: 'i1',
  hostId: 'h1',
  bootId: 'b1',
  pid: 100,
  processStart: 5_000,
  pidNamespace: 'ns1',
  taskId: 't1',
  intent: 'fresh',
  readOnly: false,
  waitMs: 0,
  maxRuntimeMs: null,
  tenant: null,
  proxyId: 'proxy-a',
  browserKind: 'chromium',
  browserVersion: '140.0.1',
  profileDirectory: '/profiles/p1',
  profileDirectoryId: null,
  ...about,
});

export const beat = (
  browser: BrowserState = 'reachable',
  about: About<EventOf<'Heartbeat'>> = {},
): EventOf<'Heartbeat'> => ({
  type: 'Heartbeat',
  token: 1,
  incarnation: 'i1',
  seq: 1,
  browser,
  loopLagMs: 0,
  ...about,
});

export const stepStarted = (
  stepId: string,
  kind: StepKind,
  about: About<EventOf<'StepStarted'>> = {},
): EventOf<'StepStarted'> => ({
  type: 'StepStarted',
  token: 1,
  stepId,
  name: stepId,
  kind,
  repeatable: false,
  final: false,
  url: 'https://shop.example/cart',
  proxyId: 'proxy-a',
  screenshot: null,
  ...about,
});

export const stepCompleted = (
  stepId: string,
  about: About<EventOf<'StepCompleted'>> = {},
): EventOf<'StepCompleted'> => ({
  type: 'StepCompleted',
  token: 1,
  stepId,
  outcome: 'ok',
  checkpoint: null,
  url: null,
  screenshot: null,
  ...about,
});

/** A step that was begun, done and may be resumed from. */
export const checkpoint = (
  name: string,
  stored: 'profile' | 'server' = 'server',
  kind: StepKind = 'read',
): readonly [EventOf<'StepStarted'>, EventOf<'StepCompleted'>] => [
  stepStarted(`to-${name}`, kind),
  stepCompleted(`to-${name}`, { checkpoint: { name, stored } }),
];

export const silenceAnnounced = (silenceMs: number, token = 1): EventOf<'SilenceAnnounced'> => ({
  type: 'SilenceAnnounced',
  token,
  silenceMs,
});

export const releaseRequested = (
  about: About<EventOf<'ReleaseRequested'>> = {},
): EventOf<'ReleaseRequested'> => ({
  type: 'ReleaseRequested',
  token: 1,
  outcome: 'completed',
  browserClosed: 'confirmed',
  ...about,
});

export const writeRefused = (presentedToken = 1): EventOf<'WriteRefused'> => ({
  type: 'WriteRefused',
  presentedToken,
  knownToken: presentedToken,
  target: 'accounts',
  sqlState: 'WD001',
});

export const workerStarted = (
  incarnation: string,
  about: About<EventOf<'WorkerStarted'>> = {},
): EventOf<'WorkerStarted'> => ({
  type: 'WorkerStarted',
  workerId: 'w1',
  incarnation,
  hostId: 'h1',
  bootId: 'b1',
  ...about,
});
