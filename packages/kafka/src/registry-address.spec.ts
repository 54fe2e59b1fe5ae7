import { describe, expect, it } from 'vitest';
import { registryAddress } from './registry-address.ts';

describe('the address of a registry', () => {
  it.each([
    ['http://127.0.0.1:8081', 'http://127.0.0.1:8081'],
    [
      'https://me:secret@schemas.internal/apis/ccompat/v7?key=secret',
      'https://schemas.internal/apis/ccompat/v7',
    ],
    ['schemas', 'schemas'],
  ])('of %s is shown as %s', (url, shown) => {
    expect(registryAddress(url)).toBe(shown);
  });
});
