import type { BrowserState } from '@profile-warden/events';

/** What a browser can be reported as. */
export type ReportedBrowserState = Exclude<BrowserState, 'UNKNOWN'>;

/** How a heartbeat comes to say something about the browser. */
export type BrowserSource =
  /** It says this until it is told otherwise; nobody is asked. */
  | { readonly kind: 'state'; readonly state: ReportedBrowserState }
  /** The caller is asked, in the thread that its code runs in. */
  | { readonly kind: 'callback' }
  /** The browser is asked over its own CDP socket, by whoever sends the heartbeats. */
  | { readonly kind: 'endpoint'; readonly url: string };
