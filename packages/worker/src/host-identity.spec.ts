import { statSync } from 'node:fs';
import { hostname } from 'node:os';
import { describe, expect, it } from 'vitest';
import { readDirectoryIdentity, readHostIdentity } from './host-identity.ts';

const fields = Array.from({ length: 30 }, (_, i) => String(i + 4)).join(' ');
const files: Record<string, string> = {
  '/proc/sys/kernel/random/boot_id': 'b-1\n',
  '/proc/self/stat': `7 (node) odd) name) S ${fields}`,
  '/proc/self/ns/pid': 'pid:[4026531836]',
};
const read = (path: string): string => {
  const text = files[path];
  if (text === undefined) throw new Error('EACCES');
  return text;
};

describe('the identity of a process', () => {
  it('is read from /proc, whatever the command is called', () => {
    expect(readHostIdentity('h', { read, link: read }, 7)).toEqual({
      hostId: 'h',
      bootId: 'b-1',
      pid: 7,
      processStart: 22,
      pidNamespace: 'pid:[4026531836]',
    });
  });

  it('stays unknown where /proc does not tell', () => {
    const refuse = (): string => {
      throw new Error('ENOENT');
    };
    expect(readHostIdentity(undefined, { read: refuse, link: refuse }, 7)).toEqual({
      hostId: hostname(),
      bootId: 'unknown',
      pid: 7,
      processStart: 0,
      pidNamespace: '',
    });
  });

  it('of this very process is a positive start time where there is a /proc', () => {
    const { processStart, pid } = readHostIdentity();
    expect(pid).toBe(process.pid);
    if (process.platform === 'linux') expect(processStart).toBeGreaterThan(0);
  });
});

describe('the identity of a directory', () => {
  it('is its device and inode', async () => {
    const { dev, ino } = statSync(import.meta.dirname, { bigint: true });
    expect(await readDirectoryIdentity(import.meta.dirname)).toBe(`${dev}:${ino}`);
  });

  it('is unknown where there is none yet, and where no directory was named', async () => {
    expect(await readDirectoryIdentity('/no/such/directory')).toBeNull();
    expect(await readDirectoryIdentity(null)).toBeNull();
  });
});
