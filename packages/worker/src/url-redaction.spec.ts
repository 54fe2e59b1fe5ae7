import { describe, expect, it } from 'vitest';
import { startBench } from './authority.fixture.ts';
import { checkScreenshot, redactUrl } from './url-redaction.ts';
import { checkSecretUrlPaths } from './worker-options.ts';

describe('a url that is recorded', () => {
  it.each([
    ['https://user:secret@shop.example/cart?session=1#pay', 'https://shop.example/cart'],
    ['https://shop.example:8443/a', 'https://shop.example:8443/a'],
    ['about:blank', 'about:blank'],
    ['file:///tmp/a.html?x', 'file:///tmp/a.html'],
    ['data:text/html,<b>secret</b>', 'data:(redacted)'],
    ['javascript:alert(document.cookie)', 'javascript:(redacted)'],
    ['blob:https://shop.example/1-2', 'blob:(redacted)'],
    ['/cart?session=1', '(not a url)'],
  ])('%s becomes %s', (url, redacted) => {
    expect(redactUrl(url)).toBe(redacted);
  });

  it('loses the parts of its path that are secret', () => {
    const secret = checkSecretUrlPaths([/(?<=\/invite\/)[^/]+/]);
    expect(redactUrl('https://x.example/invite/abc123/join', secret)).toBe('https://x.example/invite/*/join');
  });

  it.each([/tok_\w+/, /tok_\w+/g, /tok_\w+/y, /TOK_\w+/giy])(
    'loses every secret that %s finds, each time',
    (pattern) => {
      pattern.lastIndex = 9;
      const secret = checkSecretUrlPaths([pattern]);
      for (const _ of [1, 2])
        expect(redactUrl('https://x.example/u/tok_a1/share/tok_b2', secret)).toBe(
          'https://x.example/u/*/share/*',
        );
    },
  );

  it.each([
    ['secretUrlPaths', /tok/],
    ['secretUrlPaths', 'tok'],
    ['secretUrlPaths', Array(33).fill(/tok/)],
    ['secretUrlPaths[1]', [/tok/, 'tok']],
    ['secretUrlPaths[0]', Array(1)],
  ])('is not sent at all where %s is wrong (%s)', async (field, secretUrlPaths) => {
    const wrong = startBench({ secretUrlPaths: secretUrlPaths as RegExp[] });
    await expect(wrong).rejects.toMatchObject({ code: 'invalid-input', field });
  });

  it('is not longer than the log takes', () => {
    expect(redactUrl(`https://x.example/${'a'.repeat(5_000)}`)).toHaveLength(2_048);
  });
});

describe('the reference of a screenshot', () => {
  it.each([
    ['s3://bucket/1.png?signature=1', 's3://bucket/1.png'],
    ['shots.example/1.png?signature=1', 'shots.example/1.png'],
    ['shots/#1.png', 'shots/#1.png'],
  ])('%s becomes %s', (uri, redacted) => {
    const sha256 = '0'.repeat(64);
    expect(checkScreenshot('screenshot', { uri, sha256 })).toEqual({ uri: redacted, sha256 });
  });
});
