import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';

const BOOT_ID = '/proc/sys/kernel/random/boot_id';

/**
 * A boot of a host that is not this machine's own: whoever starts in it reads its id where a kernel tells it. Once all
 * of them have ended, `again` makes it another boot.
 */
export class Boot {
  readonly file: string;
  id = '';

  constructor(file: string) {
    this.file = file;
    this.again();
  }

  again(): void {
    this.id = randomUUID();
    writeFileSync(this.file, `${this.id}\n`);
  }
}

/** The command line that runs a program in the boot that the file names; the process stays the same, and so does its pid. */
export const inBoot = (file: string, command: readonly string[]): readonly string[] => [
  '/usr/bin/unshare',
  '--mount',
  'sh',
  '-c',
  `mount --bind "$1" ${BOOT_ID} && shift && exec "$@"`,
  'sh',
  file,
  ...command,
];

/** Laying a file over the kernel's needs rights. */
export const mayChooseBoots: boolean = (() => {
  const [program = '', ...args] = inBoot(BOOT_ID, ['true']);
  return spawnSync(program, args, { stdio: 'ignore' }).status === 0;
})();
