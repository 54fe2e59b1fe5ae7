import { statfsSync } from 'node:fs';

// Magic numbers of linux/magic.h and of the file systems that keep theirs elsewhere.
const NAMES: ReadonlyMap<number, string> = new Map([
  [0xef53, 'ext4'],
  [0x01021994, 'tmpfs'],
  [0x794c7630, 'overlay'],
  [0x6969, 'nfs'],
  [0x517b, 'smb'],
  [0xfe534d42, 'smb2'],
  [0xff534d42, 'cifs'],
  [0x65735546, 'fuse'],
  [0x58465342, 'xfs'],
  [0x9123683e, 'btrfs'],
  [0x2fc12fc1, 'zfs'],
  [0xf2f52010, 'f2fs'],
  [0x00c36400, 'ceph'],
  [0x01021997, '9p'],
  [0x0bd00bd0, 'lustre'],
  [0x47504653, 'gpfs'],
  [0x01161970, 'gfs2'],
  [0x7461636f, 'ocfs2'],
  [0x5346414f, 'afs'],
  [0x6b414653, 'afs'],
  [0x786f4256, 'vboxsf'],
  [0xbacbacbc, 'vmhgfs'],
  [0xca451a4e, 'bcachefs'],
  [0x858458f6, 'ramfs'],
  [0x4d44, 'vfat'],
  [0x2011bab0, 'exfat'],
  [0x5346544e, 'ntfs'],
  [0x7366746e, 'ntfs3'],
  [0xf15f, 'ecryptfs'],
]);

/** A name where the kind is known, else the number: what nobody has named is still worth recording. */
export function fileSystemOf(path: string): string | null {
  // Some architectures report the number as a signed 32 bit value.
  const kind = statfsSync(path).type >>> 0;
  return NAMES.get(kind) ?? `0x${kind.toString(16)}`;
}
