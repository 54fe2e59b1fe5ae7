import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { requestFor } from './host-fixture.ts';
import { lookAtHost } from './host-look.ts';
import { lookAtScreenshot } from './screenshot.ts';

const sha256 = createHash('sha256').update('picture').digest('hex');
const TOO_MANY_BYTES = 65 * 2 ** 20;

describe('a screenshot in a file', () => {
  let folder: string;
  let uri: string;
  const value = async (screenshot: { uri: string; sha256: string }) =>
    (await lookAtScreenshot(screenshot, [])).value;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'screenshot-'));
    writeFileSync(join(folder, 'shot.png'), 'picture');
    uri = pathToFileURL(join(folder, 'shot.png')).href;
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('is found by its hash', async () => {
    expect(await value({ uri, sha256 })).toBe('yes');
    expect(await value({ uri, sha256: sha256.toUpperCase() })).toBe('yes');
    expect(await value({ uri, sha256: 'ff' })).toBe('no');
  });

  it('is absent where no file is, and unknown where no file is meant', async () => {
    expect(await value({ uri: `${uri}x`, sha256 })).toBe('no');
    expect(await value({ uri: pathToFileURL(folder).href, sha256 })).toBe('no');
    expect(await value({ uri: 's3://bucket/shot.png', sha256 })).toBe('unknown');
    expect(await value({ uri: 'file://other-host/shot.png', sha256 })).toBe('unknown');
  });
});

describe('a screenshot at a web server', () => {
  let server: Server;
  let origin: string;
  const asked: string[] = [];
  const look = (path: string, origins = [origin]) =>
    lookAtScreenshot({ uri: `${origin}${path}`, sha256 }, origins);

  beforeAll(async () => {
    server = createServer(({ url = '' }, response) => {
      asked.push(url);
      if (url === '/hung') return;
      if (url === '/moved') response.setHeader('location', `${origin}/shot.png`);
      response.statusCode = { '/gone': 404, '/moved': 302, '/shut': 403 }[url] ?? 200;
      response.end(url === '/big' ? Buffer.alloc(TOO_MANY_BYTES) : url === '/other' ? 'another' : 'picture');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  it('is found by its hash', async () => {
    expect((await look('/shot.png')).value).toBe('yes');
    expect((await look('/other')).value).toBe('no');
    expect(await look('/gone')).toEqual({ value: 'no', how: 'absent: status 404' });
  });

  it('is unknown where the server refuses, sends on, or sends without end', async () => {
    expect(await look('/shut')).toEqual({ value: 'unknown', how: 'status 403' });
    expect(await look('/moved')).toEqual({ value: 'unknown', how: 'the server did not hand it over' });
    expect(await look('/big')).toEqual({ value: 'unknown', how: 'too big to be read' });
  });

  it('is not asked for at a server that nobody has named', async () => {
    asked.length = 0;
    expect((await look('/shot.png', [])).value).toBe('unknown');
    expect((await look('/shot.png', ['http://127.0.0.1'])).value).toBe('unknown');
    expect(asked).toEqual([]);
  });

  it('costs nothing but itself when the server does not answer', async () => {
    const found = await lookAtHost(
      requestFor('/no/such/profile', {
        screenshot: { uri: `${origin}/hung`, sha256 },
        screenshotOrigins: [origin],
        timeLimitMs: 5_000,
      }),
      new AbortController().signal,
    );
    expect(found.screenshotFound).toMatchObject({ value: 'unknown', how: 'no answer within 5000 ms' });
    expect(found.directoryPresent.value).toBe('no');
  }, 30_000);
});
