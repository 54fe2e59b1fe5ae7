/**
 * DATABASE_URL=… WARDEN_BROKERS=… WARDEN_REGISTRY_URL=… node examples/account-writer/src/main.ts
 * The database needs the fence and `schema.sql`.
 */
import { Fence } from '@profile-warden/fence';
import { DEFAULT_TOPIC, readSecurity } from '@profile-warden/kafka';
import pg from 'pg';
import { openRefusalLog } from './refusal-log.ts';
import { accountServer } from './server.ts';

const { env } = process;
const needed = (name: string): string => {
  const value = env[name];
  if (value !== undefined && value !== '') return value;
  process.stderr.write(`account-writer: ${name} is not set\n`);
  process.exit(2);
};

const pool = new pg.Pool({ connectionString: needed('DATABASE_URL'), application_name: 'account-writer' });
const { security, problems } = readSecurity(env);
if (problems.length > 0) {
  process.stderr.write(`account-writer: ${problems.join('\n')}\n`);
  process.exit(2);
}
const refusals = await openRefusalLog({
  brokers: needed('WARDEN_BROKERS').split(','),
  security,
  registryUrl: needed('WARDEN_REGISTRY_URL'),
  topic: env['WARDEN_TOPIC'] ?? DEFAULT_TOPIC,
  partitionCount: Number(env['WARDEN_PARTITIONS'] ?? 6),
  source: `account-writer-${process.pid}`,
});
const fence = new Fence({
  target: env['WARDEN_FENCE_TARGET'] ?? 'main',
  reportRefusal: refusals.report,
  onSignal: (signal) => server.log.warn(signal),
});
const server = accountServer({ pool, fence, logger: true });
pool.on('error', (error) => server.log.warn(error));

const stop = async (): Promise<void> => {
  await server.close();
  await fence.settled();
  await refusals.close();
  await pool.end();
};
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void stop());
await server.listen({ port: Number(env['PORT'] ?? 0) });
