import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { BROWSERS } from './browser.fixture.ts';

const POLL_MS = 100;
const ANSWER_MS_MAX = 2_000;

interface Tab {
  readonly id: string;
  readonly title: string;
}

/** Tabs of a Chromium that is up, over the addresses that it serves for developers. */
export class Tabs {
  readonly #origin: string;

  constructor(profile: string) {
    const [port = ''] = readFileSync(join(profile, BROWSERS.CHROMIUM.portFile), 'utf8').split('\n');
    this.#origin = `http://127.0.0.1:${port}`;
  }

  /** Whether the browser answers at this moment. */
  async answers(): Promise<boolean> {
    return this.#ask('/json/version').then(
      ({ ok }) => ok,
      () => false,
    );
  }

  /** Opens the page in a new tab and waits until it is there; its title is its path. */
  async visit(url: string, patienceMs = Number.POSITIVE_INFINITY): Promise<void> {
    const { pathname } = new URL(url);
    const until = performance.now() + patienceMs;
    const opened = await this.#ask(`/json/new?${encodeURI(url)}`, 'PUT');
    const { id } = (await opened.json()) as Tab;
    while (performance.now() < until) {
      const tabs = (await (await this.#ask('/json/list')).json()) as readonly Tab[];
      if (tabs.some((tab) => tab.id === id && tab.title === pathname)) return;
      await wait(POLL_MS);
    }
    throw new Error(`${pathname} was not there within ${patienceMs} ms`);
  }

  #ask(path: string, method = 'GET'): Promise<Response> {
    return fetch(`${this.#origin}${path}`, { method, signal: AbortSignal.timeout(ANSWER_MS_MAX) });
  }
}
