export type { AskBrowser, CloseBrowser } from './browser-probe.ts';
export type { ReportedBrowserState } from './browser-source.ts';
export { ProfileInUseError } from './browser/browser-errors.ts';
export type { BrowserEnding } from './browser/browser-profile.ts';
export type { PlaywrightChromium, PlaywrightContext } from './browser/chromium.ts';
export type { Puppeteer, PuppeteerBrowser } from './browser/firefox.ts';
export { withBrowserProfile } from './browser/with-browser-profile.ts';
export type {
  BrowserProfileOptions,
  ChromiumProfile,
  FirefoxProfile,
} from './browser/with-browser-profile.ts';
export { connectWorker } from './connect.ts';
export type { ConnectOptions } from './connect.ts';
export {
  AcquireTimeoutError,
  InvalidInputError,
  LeaseDeniedError,
  LeaseLostError,
  NotApplied,
  WORKER_ERRORS,
  WorkerError,
} from './errors.ts';
export type { Denial, ErrorKind, LossCause, WorkerErrorCode } from './errors.ts';
export type { HostIdentity } from './host-identity.ts';
export { Lease } from './lease.ts';
export type { CheckpointOptions } from './lease.ts';
export type { AcquireOptions } from './lease-options.ts';
export type { StopNotice } from './lease-session.ts';
export type { LogOptions } from './log-options.ts';
export type { OnNotice, WorkerNotice } from './notice.ts';
export type { WorkerClock, WorkerLog } from './ports.ts';
export type { ReleaseOptions, ReleaseResult } from './release.ts';
export type { StepContext, StepNote, StepOptions } from './step-options.ts';
export type { StepAction } from './step-runner.ts';
export { Worker } from './worker.ts';
export type { WorkerPorts } from './worker.ts';
export type { WorkerOptions } from './worker-options.ts';
