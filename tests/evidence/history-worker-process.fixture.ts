/** One worker of a history: the real SDK and a real Chromium, in a process of its own that can be killed. */
import { connectWorker } from '@profile-warden/worker';
import { BROWSERS, RunningBrowser } from './browser.fixture.ts';
import type { HistoryCommand, HistoryOrders, HistoryStep, HistoryWord } from './history-messages.fixture.ts';
import { Tabs } from './history-tabs.fixture.ts';

const { connection, wanted, shopUrl } = JSON.parse(process.argv[2] ?? '{}') as HistoryOrders;
let browser: RunningBrowser | null = null;
let tabs: Tabs | null = null;

const say = (word: HistoryWord): void => {
  process.send?.(word);
};
const broken = (error: unknown): void => {
  say({ word: 'broken', message: error instanceof Error ? (error.stack ?? error.message) : String(error) });
};

// The test is gone: nothing of it may stay behind.
process.on('disconnect', () => {
  browser?.signal('SIGKILL');
  process.exit(1);
});

const worker = await connectWorker(connection);
const lease = await worker.acquire(wanted);

const open = async (): Promise<void> => {
  browser = new RunningBrowser(BROWSERS.CHROMIUM, wanted.profileDirectory, `${shopUrl}/`);
  await browser.up();
  const opened = new Tabs(wanted.profileDirectory);
  tabs = opened;
  lease.browserState(async () => ((await opened.answers()) ? 'reachable' : 'unreachable'));
  say({ word: 'opened', browserPid: browser.pid });
};

const step = async ({ name, path, patienceMs, ...options }: HistoryStep): Promise<void> => {
  const url = `${shopUrl}${path}`;
  try {
    await lease.step(name, { ...options, url }, async () => {
      say({ word: 'begun', step: name });
      await tabs?.visit(url, patienceMs);
    });
    say({ word: 'ok', step: name });
  } catch {
    // What many scripts do: swallow the error and go on.
    say({ word: 'failed', step: name });
  }
};

const release = async (browserClosed: 'confirmed' | 'unconfirmed'): Promise<void> => {
  await browser?.close();
  const { ended } = await lease.release({ outcome: 'completed', browserClosed });
  say({ word: 'released', ended });
};

const obey = (command: HistoryCommand): Promise<void> => {
  if (command.do === 'open') return open();
  return command.do === 'step' ? step(command.step) : release(command.browserClosed);
};

process.on('message', (command) => {
  obey(command as HistoryCommand).catch(broken);
});
say({ word: 'leased', token: lease.token });
