import { describe, expect, it } from 'vitest';
import { parseLocks } from './file-locks.ts';

const LISTED = `1: POSIX  ADVISORY  WRITE 7018 fe:00:9994545 1073741826 1073742335
2: FLOCK  ADVISORY  READ 7508 fe:00:9986055 0 EOF
2: -> FLOCK  ADVISORY  WRITE 7509 fe:00:9986055 0 EOF
3: OFDLCK ADVISORY  WRITE -1 103:14f02:77 0 EOF
4: LEASE  ACTIVE    READ 7018 fe:00:9994546 0 EOF
5: FLOCK  ADVISORY  WRITE 12 10302:abc:78 0 EOF
`;

describe('the locks that the kernel lists', () => {
  it('are told with their file as stat names it, without those who wait and without leases', () => {
    // The devices as makedev(3) packs them.
    expect(parseLocks(LISTED)).toEqual([
      { pid: 7018, file: '65024:9994545', isForWriting: true },
      { pid: 7508, file: '65024:9986055', isForWriting: false },
      { pid: null, file: '351339266:77', isForWriting: true },
      { pid: 12, file: '281474987393724:78', isForWriting: true },
    ]);
  });

  it('are none where a line says something else', () => {
    expect(parseLocks('')).toEqual([]);
    expect(parseLocks('1: POSIX  ADVISORY  WRITE 70')).toEqual([]);
  });
});
