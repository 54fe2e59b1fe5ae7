/** A worker that handles secrets as workers do: in urls, forms, errors, and in what it starts its browser with. */
import { connectWorker } from '@profile-warden/worker';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { exchange } from './browser-socket.fixture.ts';
import { BROWSERS, RunningBrowser, until } from './browser.fixture.ts';
import type { SecretWorkerOrders, SecretWorkerWord } from './secret-messages.fixture.ts';
import { SecretSite } from './secret-site.fixture.ts';

const orders = JSON.parse(process.argv[2] ?? '{}') as SecretWorkerOrders;
const { directory, secrets, profileId, taskId, stepName } = orders;
let running: RunningBrowser | null = null;
process.on('disconnect', () => {
  running?.signal('SIGKILL');
  process.exit(1);
});

const site = new SecretSite(secrets);
await site.open();
const query = `token=${encodeURIComponent(secrets.queryToken)}`;
const loginUrl = `http://olga:${encodeURIComponent(secrets.userInfo)}@${site.place}/login?${query}#${secrets.fragment}`;
const resetUrl = `http://${site.place}/reset/${secrets.pathToken}/form`;
const screenshot = {
  uri: `https://shots.invalid/1.png?signature=${encodeURIComponent(secrets.signature)}`,
  sha256: createHash('sha256').digest('hex'),
};

interface Tab {
  readonly webSocketDebuggerUrl: string;
}

/** Opens a page in a tab and types the password into its form. */
async function visit(url: string, part: string): Promise<void> {
  const port = readFileSync(join(directory, BROWSERS.CHROMIUM.portFile), 'utf8').split('\n')[0] ?? '';
  const opened = await fetch(`http://127.0.0.1:${port}/json/new?${encodeURIComponent(url)}`, {
    method: 'PUT',
  });
  const { webSocketDebuggerUrl } = (await opened.json()) as Tab;
  await site.visited(part);
  const evaluate = (id: number, expression: string) => ({
    id,
    method: 'Runtime.evaluate',
    params: { expression, awaitPromise: true },
  });
  const loaded = `new Promise((done) => document.readyState === 'complete' ? done() : addEventListener('load', done))`;
  await exchange(webSocketDebuggerUrl, [
    evaluate(1, loaded),
    evaluate(2, `document.querySelector('input').focus()`),
    { id: 3, method: 'Input.insertText', params: { text: secrets.password } },
    evaluate(4, `document.querySelector('form').submit()`),
  ]);
}

const worker = await connectWorker({
  ...orders.connection,
  // What lies between the slashes of an address for a new password is one.
  secretUrlPaths: [/(?<=\/reset\/)[^/]+/],
});
const lease = await worker.acquire({
  profileId,
  taskId,
  proxyId: 'proxy-eu-1',
  browser: { kind: 'chromium' },
  profileDirectory: directory,
});
const browser = {
  ...BROWSERS.CHROMIUM,
  argumentsFor: (profile: string) => [
    ...BROWSERS.CHROMIUM.argumentsFor(profile),
    `--proxy-auth=olga:${secrets.proxyPassword}`,
  ],
};
running = new RunningBrowser(browser, directory, `http://${site.place}/`);
await running.up();
lease.browserState(() => 'reachable');

const checkpoint = { name: 'logged in', stored: 'server' } as const;
await lease.step(
  'log in',
  { kind: 'side-effect', repeatable: true, url: loginUrl, screenshot, checkpoint },
  async ({ note }) => {
    await visit(loginUrl, '/login');
    await until(() => site.posted !== '', 'the form was sent');
    note({ url: resetUrl, screenshot });
  },
);
await lease
  .step(stepName, { kind: 'read', url: resetUrl }, async () => {
    await visit(resetUrl, '/reset/');
    throw new Error(`the site did not take the password ${secrets.password}, ${loginUrl}`);
  })
  .catch(() => undefined);

const word: SecretWorkerWord = { browserPid: running.pid, token: lease.token, posted: site.posted };
process.send?.(word);
