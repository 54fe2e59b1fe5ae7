/** `npm run example`: a worker buys a lamp, is killed where you say, and another one takes over. Wants `npm start`. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { KILL_POINTS, type KillPoint, type WorkerOrders, type WorkerWord } from './orders.ts';
import { createShop, type Ledger } from './shop.ts';
import { runWorker } from './worker-process.ts';

const HELP = `Buys a lamp with a worker that is killed on its way, and with the one that takes over.

  npm run example -- --brokers <host:port> --registry <url> [options]

  --brokers, --registry   as \`npm start\` prints them
  --kill-at <point>       ${KILL_POINTS.join(', ')} (default: in-cart)
  --browser <program>     Chromium (default: /usr/bin/chromium)
  --help                  this text
`;

/** The policy's checkpointSettleMs, and a heartbeat that says so. */
const SAVED_MS = 60_000;

const print = (line: string): unknown => process.stdout.write(`${line}\n`);

const { values } = parseArgs({
  options: {
    brokers: { type: 'string' },
    registry: { type: 'string' },
    'kill-at': { type: 'string', default: 'in-cart' },
    browser: { type: 'string', default: '/usr/bin/chromium' },
    help: { type: 'boolean', default: false },
  },
});
const killAt = KILL_POINTS.find((point) => point === values['kill-at']);
const problem =
  values.brokers === undefined || values.registry === undefined
    ? 'It needs --brokers and --registry.'
    : killAt === undefined
      ? `There is no kill point ${values['kill-at']}.`
      : existsSync(values.browser)
        ? null
        : `There is no browser at ${values.browser}.`;
if (values.help || problem !== null) {
  print(problem === null || values.help ? HELP : `${problem}\n\n${HELP}`);
  process.exit(values.help ? 0 : 2);
}

const said = (who: string, word: WorkerWord): void => {
  const { word: what, ...rest } = word;
  const details = Object.entries(rest).map(([name, value]) => `${name} ${String(value)}`);
  print(`${who.padEnd(8)} ${what.padEnd(8)} ${details.join(', ')}`);
};

const version = /\d+(?:\.\d+)*/.exec(execFileSync(values.browser, ['--version'], { encoding: 'utf8' }))?.[0];
const folder = await mkdtemp(join(tmpdir(), 'playwright-worker-'));
const profileId = `example-${Date.now()}`;
const interrupted = new AbortController();
process.once('SIGINT', () => interrupted.abort());
const shop = createShop();
const shopUrl = await shop.listen({ host: '127.0.0.1', port: 0 });
const orders = (workerId: string, killed: KillPoint | null): WorkerOrders => ({
  connection: { workerId, brokers: (values.brokers ?? '').split(','), registryUrl: values.registry ?? '' },
  profileId,
  profileDirectory: join(folder, 'profile'),
  browser: { program: values.browser, version: version ?? '' },
  shopUrl: `${shopUrl}/of/${profileId}/`,
  killAt: killed,
  lookAroundMs: killed === 'after-login' || killed === 'in-cart' ? SAVED_MS : 0,
});
try {
  await runWorker(orders('first', killAt ?? null), (word) => said('first', word), interrupted.signal);
  await runWorker(orders('second', null), (word) => said('second', word), interrupted.signal);
  const ledger = (await (await fetch(`${shopUrl}/ledger/${profileId}`)).json()) as Ledger;
  print(`shop     ${ledger.logins} logins, ${ledger.orders.length} orders`);
} finally {
  await shop.close();
  await rm(folder, { recursive: true, force: true });
}
