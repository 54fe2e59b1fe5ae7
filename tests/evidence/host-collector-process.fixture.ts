import { inBoot } from './host-boot.fixture.ts';

// Becomes the collector as it is deployed, in a boot of its own.

const [program = '', ...args] = inBoot(process.env['HOST_BOOT_FILE'] ?? '', [
  process.execPath,
  'services/evidence-collector/src/main.ts',
]);
process.execve?.(program, [program, ...args], process.env);
