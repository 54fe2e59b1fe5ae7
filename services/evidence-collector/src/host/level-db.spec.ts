import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lookAtLevelDb, maskedChecksum } from './level-db.ts';

/** One record as LevelDB writes it: checksum, length, kind, content. */
function record(content: string): Buffer {
  const bytes = Buffer.alloc(7 + content.length);
  bytes.writeUInt16LE(content.length, 4);
  bytes[6] = 1;
  bytes.write(content, 7, 'latin1');
  bytes.writeUInt32LE(maskedChecksum(bytes.subarray(6)), 0);
  return bytes;
}

describe('a LevelDB folder', () => {
  let directory: string;
  let folder: string;
  const write = (name: string, content: string | Buffer) => writeFileSync(join(folder, name), content);
  const look = () => lookAtLevelDb(directory, 'db');

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'level-db-'));
    folder = join(directory, 'db');
    mkdirSync(folder);
    write('MANIFEST-000001', Buffer.concat([record('leveldb.BytewiseComparator'), record('more')]));
    write('CURRENT', 'MANIFEST-000001\n');
    write('000003.log', '');
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  it('is whole when CURRENT names a manifest whose records are as written', () => {
    expect(look()).toEqual({ value: 'yes', how: 'db: manifest whole' });
  });

  it('is whole when the last record was under way', () => {
    write('MANIFEST-000001', Buffer.concat([record('comparator'), record('more').subarray(0, 9)]));
    expect(look().value).toBe('yes');
  });

  it('goes on behind the end of a block, which no header crosses', () => {
    const first = record('x'.repeat(32_768 - 7 - 3));
    write('MANIFEST-000001', Buffer.concat([first, Buffer.alloc(3), record('more')]));
    expect(look().value).toBe('yes');
    const last = record('more');
    last[8] = 0;
    write('MANIFEST-000001', Buffer.concat([first, Buffer.alloc(3), last]));
    expect(look().value).toBe('no');
  });

  it('is damaged when a record of the manifest is not what was written', () => {
    const bytes = readFileSync(join(folder, 'MANIFEST-000001'));
    bytes[10] = 0;
    write('MANIFEST-000001', bytes);
    expect(look()).toEqual({ value: 'no', how: 'db: the manifest is damaged' });
    write('MANIFEST-000001', '');
    expect(look().value).toBe('no');
    write('MANIFEST-000001', Buffer.alloc(4096));
    expect(look().value).toBe('no');
  });

  it('is damaged when CURRENT leads nowhere', () => {
    write('CURRENT', '\0\0\0');
    expect(look()).toEqual({ value: 'no', how: 'db: CURRENT names no manifest' });
    write('CURRENT', '../../secret\n');
    expect(look().value).toBe('no');
    write('CURRENT', 'MANIFEST-000002\n');
    expect(look()).toEqual({ value: 'no', how: 'db: the manifest that CURRENT names is missing' });
  });

  it('has lost what it held when tables are left without CURRENT, and has not begun without both', () => {
    rmSync(join(folder, 'CURRENT'));
    expect(look()).toEqual({ value: 'yes', how: 'db: not begun' });
    write('000005.ldb', 'table');
    expect(look()).toEqual({ value: 'no', how: 'db: data, and no CURRENT' });
  });

  it('is unknown where it cannot be read', () => {
    rmSync(folder, { recursive: true });
    expect(look()).toEqual({ value: 'unknown', how: 'db: ENOENT' });
  });
});

describe('the checksum of a record', () => {
  it('is CRC-32C, turned by 15 bits and shifted', () => {
    // CRC-32C of this text is 0xe3069283 by its definition.
    const turned = ((0xe306_9283 >>> 15) | (0xe306_9283 << 17)) >>> 0;
    expect(maskedChecksum(Buffer.from('123456789'))).toBe((turned + 0xa282_ead8) % 2 ** 32);
  });
});
