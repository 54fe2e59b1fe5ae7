import type { Command } from 'commander';

/** Shown by the help of every command. */
export const addConnectionOptions = (program: Command): Command =>
  program
    .option('--brokers <list>', 'host:port[,host:port] (env: WARDEN_BROKERS)')
    .option('--registry-url <url>', 'base URL of the Confluent API (env: WARDEN_REGISTRY_URL)')
    .option('--topic <name>', 'the topic (env: WARDEN_TOPIC; default: profile-leases.v1)')
    .option('--partitions <n>', 'partitions of the topic (env: WARDEN_PARTITIONS; default: 6)')
    .option('--database-url <url>', 'read model of the projector (env: WARDEN_DATABASE_URL; default: none)')
    .option('--json', 'machine output: JSON on stdout, of errors too');
