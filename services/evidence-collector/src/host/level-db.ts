import { codeOf } from '@profile-warden/browser-host';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { bytesOf } from './quiet-file.ts';
import { no, unknown, yes, type Seen } from './seen.ts';

// Pages keep their logins in these as well as in cookies. A browser that finds one broken starts an empty one.

const MAX_POINTER_BYTES = 256;
const MAX_MANIFEST_BYTES = 64 * 2 ** 20;
const BLOCK_BYTES = 32_768;
const HEADER_BYTES = 7;

/** CRC-32C, bit by bit reversed, one entry for each byte. */
const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = (crc & 1) === 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  return crc;
});

/** Stored turned and shifted, because a checksum over data that holds checksums would be weak. */
export function maskedChecksum(bytes: Uint8Array): number {
  let crc = 0xffff_ffff;
  for (const byte of bytes) crc = (CRC_TABLE[(crc ^ byte) & 0xff] ?? 0) ^ (crc >>> 8);
  crc = ~crc >>> 0;
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

/** Whether each record is what was written. A last one that is cut off was under way and counts for nothing. */
function isManifestWhole(bytes: Buffer): boolean {
  let count = 0;
  for (let at = 0; at + HEADER_BYTES <= bytes.length;) {
    const left = BLOCK_BYTES - (at % BLOCK_BYTES);
    if (left < HEADER_BYTES) {
      at += left;
      continue;
    }
    const length = bytes.readUInt16LE(at + 4);
    const end = at + HEADER_BYTES + length;
    if (end > bytes.length) break;
    // The checksum covers the kind of the record, the last byte of its header, and its content.
    if (maskedChecksum(bytes.subarray(at + 6, end)) !== bytes.readUInt32LE(at)) return false;
    at = end;
    count++;
  }
  return count > 0;
}

/** What CURRENT says, or why that cannot be told. */
function manifestNamed(folder: string): string | { readonly unread: string } {
  const pointer = bytesOf(join(folder, 'CURRENT'), MAX_POINTER_BYTES);
  if (typeof pointer === 'string' && pointer !== 'too-big') return { unread: pointer };
  return /^(MANIFEST-\d{1,20})\n$/.exec(pointer.toString('latin1'))?.[1] ?? '';
}

function judgeManifest(folder: string, name: string, manifest: string): Seen {
  try {
    const bytes = bytesOf(join(folder, manifest), MAX_MANIFEST_BYTES);
    if (typeof bytes === 'string') return unknown(`${name}: manifest ${bytes}`);
    return isManifestWhole(bytes) ? yes(`${name}: manifest whole`) : no(`${name}: the manifest is damaged`);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
    // A database in use changes to a new manifest and removes the old one.
    return manifestNamed(folder) === manifest
      ? no(`${name}: the manifest that CURRENT names is missing`)
      : unknown(`${name}: changed while it was read`);
  }
}

export function lookAtLevelDb(directory: string, name: string): Seen {
  const folder = join(directory, name);
  try {
    const names = readdirSync(folder);
    if (!names.includes('CURRENT')) {
      const holdsData = names.some((one) => /\.(?:ldb|sst)$/.test(one));
      return holdsData ? no(`${name}: data, and no CURRENT`) : yes(`${name}: not begun`);
    }
    const manifest = manifestNamed(folder);
    if (typeof manifest !== 'string') return unknown(`${name}: CURRENT ${manifest.unread}`);
    if (manifest === '') return no(`${name}: CURRENT names no manifest`);
    return judgeManifest(folder, name, manifest);
  } catch (error) {
    return unknown(`${name}: ${codeOf(error)}`);
  }
}
