import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CdpProbe } from './cdp-probe.ts';
import { CdpSocket } from './cdp-socket.fixture.ts';

let browser: CdpSocket;
let probe: CdpProbe;

beforeEach(async () => {
  browser = await CdpSocket.open();
  probe = new CdpProbe(browser.url);
});

afterEach(async () => {
  probe.close();
  await browser[Symbol.asyncDispose]();
});

describe('the question to a browser over its own socket', () => {
  it('is answered by a round trip, each time anew, over one connection', async () => {
    expect([await probe.ask(), await probe.ask()]).toEqual(['reachable', 'reachable']);
    expect(browser.questions).toEqual([
      { id: 1, method: 'Browser.getVersion' },
      { id: 2, method: 'Browser.getVersion' },
    ]);
  });

  it('that hangs is over with the next one, and a late answer to it is no answer to that', async () => {
    browser.isHanging = true;
    const first = probe.ask();
    await expect.poll(() => browser.questions.length).toBe(1);
    const second = probe.ask();
    expect(await first).toBe('unreachable');
    await expect.poll(() => browser.questions.length).toBe(2);
    browser.answer(1);
    const soon = new Promise((resolve) => setTimeout(() => resolve('nothing yet'), 50));
    expect(await Promise.race([second, soon])).toBe('nothing yet');
    browser.answer(2);
    expect(await second).toBe('reachable');
  });

  it('finds a browser unreachable that has dropped the connection, and asks it again over a new one', async () => {
    await probe.ask();
    browser.isHanging = true;
    const asked = probe.ask();
    await expect.poll(() => browser.questions.length).toBe(2);
    browser.drop();
    expect(await asked).toBe('unreachable');
    browser.isHanging = false;
    expect(await probe.ask()).toBe('reachable');
  });

  it('finds nobody where no browser listens, or where the address is none', async () => {
    const { url } = browser;
    await browser[Symbol.asyncDispose]();
    const lost = new CdpProbe(url);
    expect(await lost.ask()).toBe('unreachable');
    expect(await new CdpProbe('ws://[').ask()).toBe('unreachable');
    browser = await CdpSocket.open();
  });
});
