/** A browser as this package needs it from a driver, whichever that is. `Handle` is what the driver gives to callers. */
export interface StartedBrowser<Handle> {
  readonly handle: Handle;
  /** Of the process that was started; null where the driver does not tell. */
  readonly pid: number | null;
  /** One round trip to the browser itself; rejects when it is gone. */
  readonly ask: () => Promise<unknown>;
  readonly setOffline: (isOffline: boolean) => Promise<unknown>;
  /** Asks it to end in order, so that it saves what it has. */
  readonly close: () => Promise<unknown>;
  /** Called once when the connection is gone, whoever ended it. */
  readonly onGone: (gone: () => void) => void;
}

/** Starts a browser on the directory, and on no other. */
export type StartBrowser<Handle> = (directory: string) => Promise<StartedBrowser<Handle>>;

/**
 * Both drivers end their browsers on a signal, and Playwright the process with them: then nobody would be left to
 * finish steps and release leases. `worker.shutdown` does it in order.
 */
export const NO_SIGNALS = { handleSIGINT: false, handleSIGTERM: false, handleSIGHUP: false };
