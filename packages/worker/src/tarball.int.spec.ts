import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { startServices, type Services } from '@profile-warden/devstack';
import { describeWith, freshDatabase, freshTopicName, parts } from '@profile-warden/testkit/parts';
import {
  installTarball,
  packPackage,
  readmeBlock,
  type Consumer,
  type Tarball,
} from '@profile-warden/testkit/tarball';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WORKER_ERRORS } from './errors.ts';

const BOUND_MS = 180_000;
const BUNDLED = ['browser-host', 'domain', 'events', 'kafka'];
const CHROMIUM = '/usr/bin/chromium';

let tarball: Tarball;
let consumer: Consumer;

beforeAll(async () => {
  tarball = await packPackage('worker', BUNDLED);
  consumer = await installTarball(tarball, [
    'playwright-core',
    'puppeteer-core',
    '@types/node',
    'undici-types',
  ]);
}, BOUND_MS);
afterAll(() => tarball[Symbol.asyncDispose]());

describe('the tarball', () => {
  it('holds JavaScript and types of all that it stands on, and no TypeScript', () => {
    const bundled = BUNDLED.map((name) => `node_modules/@profile-warden/${name}/dist/index.js`);
    const own = ['LICENSE', 'README.md', 'dist/index.js', 'dist/index.d.ts', 'dist/line-thread.js'];
    expect(tarball.files).toEqual(expect.arrayContaining([...own, ...bundled]));
    expect(tarball.files.filter((path) => /(?<!\.d)\.ts$|\.spec\.|[.-]fixture\./.test(path))).toEqual([]);
  });

  it('leaves the package of the workspace as it was', () => {
    const [before, after] = tarball.manifests;
    expect(after).toBe(before);
    expect(before).toContain('./src/index.ts');
    expect(tarball.leftBehind).toEqual([]);
  });

  it('is all that a project needs to import it', async () => {
    await consumer.write(
      'import.js',
      `import { WORKER_ERRORS } from '@profile-warden/worker'; console.log(Object.keys(WORKER_ERRORS).length);`,
    );
    expect(await consumer.run('node', ['import.js'])).toBe(`${Object.keys(WORKER_ERRORS).length}\n`);
  });

  it(
    'gives a TypeScript project its types',
    async () => {
      await consumer.write('example.ts', await readmeBlock('worker', 'ts', 'withBrowserProfile'));
      await consumer.write(
        'wrong.ts',
        `import { withBrowserProfile, type Lease } from '@profile-warden/worker';
         import { chromium } from 'playwright-core';
         import puppeteer from 'puppeteer-core';
         declare const lease: Lease;
         // @ts-expect-error a program is a text
         await withBrowserProfile(lease, { chromium, launch: { executablePath: 7 } }, () => undefined);
         await withBrowserProfile(lease, { chromium }, async (context) => {
           // @ts-expect-error the context is Playwright's own, and has no such method
           await context.nonsense();
         });
         export const pages: number = await withBrowserProfile(lease, { firefox: puppeteer }, async (browser) => {
           return (await browser.pages()).length;
         });`,
      );
      await consumer.run('tsc', ['--project', '.']);
    },
    BOUND_MS,
  );
});

describeWith(CHROMIUM, 'the example of the README', () => {
  let services: Services;
  let shop: Server;
  let paid = 0;
  const topic = freshTopicName();

  beforeAll(async () => {
    shop = createServer(({ url, method }, response) => {
      if (method === 'POST') paid += 1;
      response.setHeader('content-type', 'text/html');
      response.end(
        `<title>${url}</title><form method="post" action="/orders"><button id="pay">Pay</button></form>`,
      );
    });
    await new Promise<void>((resolve) => shop.listen(0, '127.0.0.1', resolve));
    const { brokers, registryUrl } = parts();
    const target = { brokers, registryUrl, postgresUrl: await freshDatabase() };
    services = await startServices(target, { topic, cluster: topic });
  }, BOUND_MS);
  afterAll(async () => {
    await services.stop();
    shop.closeAllConnections();
    await new Promise((resolve) => shop.close(resolve));
  });

  it(
    'runs as it stands in an empty project, against the running product, and pays once',
    async () => {
      const { brokers, registryUrl } = parts();
      const { port } = shop.address() as AddressInfo;
      const launch = `{ executablePath: '${CHROMIUM}', args: ['--no-sandbox'] }`;
      // Where things are, on this machine; nothing else is changed.
      const changes: readonly [string, string][] = [
        [`['localhost:9092']`, JSON.stringify(brokers)],
        [`'http://localhost:8081/apis/ccompat/v7'`, `${JSON.stringify(registryUrl)}, topic: '${topic}'`],
        ['http://localhost:8080', `http://127.0.0.1:${port}`],
        ['/var/lib/profiles', join(tarball.dir, 'profiles')],
        ['{ chromium },', `{ chromium, launch: ${launch} },`],
      ];
      let text = await readmeBlock('worker', 'ts', 'withBrowserProfile');
      for (const [there, here] of changes) {
        expect(text).toContain(there);
        text = text.replace(there, here);
      }
      await consumer.write('example.js', `${text}\nconsole.log('done');`);
      expect(await consumer.run('node', ['example.js'])).toBe('done\n');
      expect(paid).toBe(1);
      // Given back with a confirmed close: the next one has the profile at once.
      await consumer.write('again.js', `${text.replaceAll('order-42', 'order-43')}\nconsole.log('again');`);
      expect(await consumer.run('node', ['again.js'])).toBe('again\n');
      expect(paid).toBe(2);
    },
    BOUND_MS,
  );
});
