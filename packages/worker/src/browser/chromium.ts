import { NO_SIGNALS, type StartBrowser } from './driver.ts';

interface CdpSession {
  send(method: 'Browser.getVersion'): Promise<unknown>;
}

/** What is used of Playwright's `BrowserContext`. */
export interface PlaywrightContext {
  browser(): { newBrowserCDPSession(): Promise<CdpSession> } | null;
  cookies(urls: string): Promise<unknown>;
  setOffline(isOffline: boolean): Promise<void>;
  close(): Promise<void>;
  once(event: 'close', listener: () => void): unknown;
}

/** What is used of Playwright's `chromium`. */
export interface PlaywrightChromium<Context extends PlaywrightContext, Launch> {
  launchPersistentContext(userDataDir: string, options?: Launch): Promise<Context>;
}

export const startChromium =
  <Context extends PlaywrightContext, Launch>(
    chromium: PlaywrightChromium<Context, Launch>,
    launch: Launch | undefined,
  ): StartBrowser<Context> =>
  async (directory) => {
    const context = await chromium.launchPersistentContext(directory, { ...NO_SIGNALS, ...launch } as Launch);
    let session: Promise<CdpSession> | null = null;
    return {
      handle: context,
      // Playwright does not tell; the lock of the profile does.
      pid: null,
      ask: async () => {
        const browser = context.browser();
        // Older Playwrights hide the browser of a persistent context.
        if (browser === null) return context.cookies('http://127.0.0.1/');
        session ??= browser.newBrowserCDPSession();
        try {
          return await (await session).send('Browser.getVersion');
        } catch (error) {
          session = null;
          throw error;
        }
      },
      setOffline: (isOffline) => context.setOffline(isOffline),
      close: () => context.close(),
      onGone: (gone) => context.once('close', gone),
    };
  };
