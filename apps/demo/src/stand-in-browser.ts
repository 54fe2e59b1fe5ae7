import { mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';

/** Stands in for a browser where none is installed: holds the profile directory open until it is told to end. */
const directory = process.argv[2] ?? '';
mkdirSync(join(directory, 'Default'), { recursive: true });
openSync(join(directory, 'Default', 'held-by-stand-in'), 'a');
process.stdout.write('holding\n');
process.on('SIGTERM', () => process.exit(0));
setInterval(() => undefined, 1_000);
