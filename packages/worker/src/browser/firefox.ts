import { mkdir } from 'node:fs/promises';
import { NO_SIGNALS, type StartBrowser } from './driver.ts';

/** What is used of Puppeteer's `Browser`. */
export interface PuppeteerBrowser {
  process(): { readonly pid?: number | undefined } | null;
  cookies(): Promise<unknown>;
  pages(): Promise<readonly { setOfflineMode(isOffline: boolean): Promise<void> }[]>;
  close(): Promise<void>;
  once(event: 'disconnected', listener: () => void): unknown;
}

/** What is used of `puppeteer-core`. */
export interface Puppeteer<Browser extends PuppeteerBrowser, Launch> {
  launch(options?: Launch): Promise<Browser>;
}

/** Firefox over WebDriver BiDi. */
export const startFirefox =
  <Browser extends PuppeteerBrowser, Launch>(
    puppeteer: Puppeteer<Browser, Launch>,
    launch: Launch | undefined,
  ): StartBrowser<Browser> =>
  async (directory) => {
    // Chromium makes its directory itself, Firefox does not.
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const options = { ...NO_SIGNALS, ...launch, browser: 'firefox', userDataDir: directory } as Launch;
    const browser = await puppeteer.launch(options);
    return {
      handle: browser,
      pid: browser.process()?.pid ?? null,
      // Puppeteer answers the cheaper questions out of its own memory.
      ask: () => browser.cookies(),
      setOffline: async (isOffline) => {
        const pages = await browser.pages();
        await Promise.all(pages.map((page) => page.setOfflineMode(isOffline)));
      },
      close: () => browser.close(),
      onGone: (gone) => browser.once('disconnected', gone),
    };
  };
