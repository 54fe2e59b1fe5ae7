import { describe, expect, it } from 'vitest';
import { checkScreenshot, redactUrl } from './url-redaction.ts';

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
    expect(redactUrl('https://x.example/invite/abc123/join', [/(?<=\/invite\/)[^/]+/])).toBe(
      'https://x.example/invite/*/join',
    );
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
