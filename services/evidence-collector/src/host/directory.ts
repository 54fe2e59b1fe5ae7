import { codeOf, identityOf } from '@profile-warden/browser-host';
import { realpathSync, statSync } from 'node:fs';
import { fileSystemOf } from './file-system.ts';
import type { DirectoryReport, LookTask } from './look-task.ts';
import { no, unknown, yes, type Seen } from './seen.ts';

export interface DirectoryLook extends DirectoryReport {
  readonly realPath: string | null;
  /** `device:inode`. */
  readonly identity: string | null;
}

// Anything else (no permission, an I/O error, a stale network handle) hides the directory without proving
// that it is gone.
const ABSENT = new Set(['ENOENT', 'ENOTDIR']);

function sameness(task: LookTask, device: string, inode: string, isRealPath: boolean, sameBoot: Seen): Seen {
  const recorded = task.directoryIdentity;
  if (recorded === null) {
    return isRealPath
      ? yes('the path of the lease leads here; by path only, no identity was recorded at the grant')
      : unknown('the path of the lease is a link, and no identity was recorded at the grant');
  }
  if (recorded.inode !== inode) return no(`inode ${inode}, ${recorded.inode} at the grant`);
  if (recorded.device === device) return yes(`device ${device} and inode ${inode} as at the grant`);
  // Device numbers belong to one boot of one host.
  return sameBoot.value === 'yes'
    ? no(`device ${device}, ${recorded.device} at the grant`)
    : unknown(`inode as at the grant, but device numbers of another boot or host cannot be compared`);
}

function without(present: Seen): DirectoryLook {
  const same = unknown(present.value === 'no' ? 'there is no directory to compare' : present.how);
  return { directoryPresent: present, directorySame: same, fileSystem: null, realPath: null, identity: null };
}

function kindOfFileSystem(path: string): string | null {
  try {
    return fileSystemOf(path);
  } catch {
    return null;
  }
}

export function lookAtDirectory(task: LookTask, sameBoot: Seen): DirectoryLook {
  const { directory } = task;
  if (directory === null) return without(unknown('no directory of the lease can be seen from this host'));
  try {
    const stats = statSync(directory, { bigint: true });
    if (!stats.isDirectory()) return without(no('something else than a directory is there'));
    const realPath = realpathSync.native(directory);
    return {
      directoryPresent: yes(`stat: a directory, inode ${stats.ino}`),
      directorySame: sameness(task, String(stats.dev), String(stats.ino), realPath === directory, sameBoot),
      fileSystem: kindOfFileSystem(realPath),
      realPath,
      identity: identityOf(stats),
    };
  } catch (error) {
    const code = codeOf(error);
    return without(ABSENT.has(code) ? no(`stat: ${code}`) : unknown(`stat: ${code}`));
  }
}
