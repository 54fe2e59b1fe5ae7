import { describe, it } from 'vitest';
import { isInstalled, type TestBrowser } from './browser.fixture.ts';

/** Tests with a browser; where it is not installed they say so instead. */
export function withBrowser(browser: TestBrowser, name: string, tests: () => void): void {
  if (isInstalled(browser)) describe(name, tests);
  else it(name, ({ skip }) => skip(`not run: needs ${browser.name}`));
}
