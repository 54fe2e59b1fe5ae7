import { describeWith } from '@profile-warden/testkit/parts';
import type { TestBrowser } from './browser.fixture.ts';

/** Tests with a browser; where it is not installed they say so instead. */
export function withBrowser(browser: TestBrowser, name: string, tests: () => void): void {
  describeWith(browser.program, name, tests);
}
