import { connect } from 'node:net';
import { networkInterfaces } from 'node:os';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDatabase } from './database.ts';
import { kafkaTool, type KafkaToolResult } from './kafka-tool.ts';
import { isAlive, scratch } from './scratch.ts';
import { startStack } from './stack-start.ts';
import type { Stack } from './stack.ts';

const TOOLS = 'org.apache.kafka.tools';

function tool(stack: Stack, name: string, args: string[], input?: string): Promise<KafkaToolResult> {
  const broker = ['--bootstrap-server', stack.brokers.join(',')];
  return kafkaTool(
    stack.kafkaLibsDir,
    `${TOOLS}.${name}`,
    [...broker, ...args],
    input === undefined ? {} : { input },
  );
}

async function messages(stack: Stack, topic: string, count: number): Promise<string[]> {
  const args = [
    '--topic',
    topic,
    '--from-beginning',
    '--max-messages',
    String(count),
    '--timeout-ms',
    '20000',
  ];
  const { stdout } = await tool(stack, 'consumer.ConsoleConsumer', args);
  return stdout.trimEnd().split('\n');
}

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

async function register(stack: Stack, subject: string): Promise<number> {
  const answer = await fetch(`${stack.registryUrl}/subjects/${subject}/versions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ schema: JSON.stringify({ type: 'record', name: subject, fields: [] }) }),
  });
  return ((await answer.json()) as { id: number }).id;
}

function isRefused(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: 2_000 });
    socket.once('connect', () => resolve(false));
    for (const event of ['error', 'timeout']) socket.once(event, () => resolve(true));
    socket.once('close', () => socket.destroy());
  });
}

describe('an embedded stack', () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await startStack({ kind: 'embedded', brokerConfig: { 'group.min.session.timeout.ms': '1000' } });
  });
  afterAll(async () => {
    await stack.stop();
    for (const part of Object.values(stack.parts)) expect(isAlive(part.pid)).toBe(false);
  });

  it('has three parts that run, and tells the version of its broker', () => {
    expect(Object.keys(stack.parts).sort()).toEqual(['kafka', 'postgres', 'registry']);
    for (const part of Object.values(stack.parts)) expect(isAlive(part.pid)).toBe(true);
    expect(stack.brokerVersion).toBe('4.4.0');
  });

  it('listens on this machine only', async () => {
    const outside = Object.values(networkInterfaces()).flatMap((addresses) =>
      (addresses ?? []).filter(({ internal, family }) => !internal && family === 'IPv4'),
    );
    const urls = [`http://${stack.brokers[0] ?? ''}`, stack.registryUrl, stack.postgresUrl];
    for (const { address } of outside) {
      for (const url of urls) expect(await isRefused(address, Number(new URL(url).port))).toBe(true);
    }
  });

  it('keeps messages, rows and schema ids when each part is killed and started again', async () => {
    await tool(stack, 'TopicCommand', ['--create', '--topic', 'kept', '--partitions', '1']);
    await tool(stack, 'ConsoleProducer', ['--topic', 'kept'], 'first\nsecond\n');
    await query(stack.postgresUrl, 'CREATE TABLE kept AS SELECT 42 AS answer');
    const schemaId = await register(stack, 'Kept');
    const { brokers, registryUrl, postgresUrl } = stack;

    for (const name of ['registry', 'postgres', 'kafka'] as const) {
      const pid = stack.parts[name]?.pid ?? 0;
      await stack.killPart(name);
      expect(isAlive(pid)).toBe(false);
      await stack.restartPart(name);
      expect(stack.parts[name]?.pid).not.toBe(pid);
    }

    expect(stack).toMatchObject({ brokers, registryUrl, postgresUrl });
    expect(await messages(stack, 'kept', 2)).toEqual(['first', 'second']);
    expect(await query(stack.postgresUrl, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
    const answer = await fetch(`${stack.registryUrl}/schemas/ids/${schemaId}`);
    expect(answer.status).toBe(200);
  }, 180_000);

  it('creates databases on request', async () => {
    const url = await createDatabase(stack.postgresUrl, 'with "odd" name');
    expect(await query(url, 'SELECT current_database() AS name')).toEqual([{ name: 'with "odd" name' }]);
  });

  it('takes the settings of its broker from the caller', async () => {
    const args = ['--entity-type', 'brokers', '--entity-name', '1', '--describe', '--all'];
    const { stdout } = await tool(stack, 'ConfigCommand', args);
    expect(stdout).toContain('group.min.session.timeout.ms=1000');
    expect(stdout).toContain('auto.create.topics.enable=false');
  });

  it('keeps its folder to itself', async () => {
    await expect(startStack({ kind: 'embedded', dataDir: stack.dataDir, parts: [] })).rejects.toMatchObject({
      code: 'data-dir-in-use',
    });
  });
});

describe('a stack with a folder of its own', () => {
  it('finds its data again after a stop', async () => {
    using place = scratch();
    const options = { kind: 'embedded', dataDir: place.dir, parts: ['kafka', 'postgres'] } as const;
    {
      await using stack = await startStack(options);
      await tool(stack, 'TopicCommand', ['--create', '--topic', 'kept', '--partitions', '1']);
      await tool(stack, 'ConsoleProducer', ['--topic', 'kept'], 'first\n');
      await query(stack.postgresUrl, 'CREATE TABLE kept AS SELECT 42 AS answer');
    }
    await using stack = await startStack(options);
    expect(await messages(stack, 'kept', 1)).toEqual(['first']);
    expect(await query(stack.postgresUrl, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
  }, 180_000);
});

describe('a stack that cannot start', () => {
  it('shows what the broker said about its settings', async () => {
    const brokerConfig = { 'log.retention.bytes': 'many' };
    await expect(startStack({ kind: 'embedded', parts: ['kafka'], brokerConfig })).rejects.toMatchObject({
      code: 'part-died',
      message: expect.stringContaining('log.retention.bytes') as string,
    });
  });

  it('names the port that is taken', async () => {
    await using first = await startStack({ kind: 'embedded', parts: ['postgres'] });
    const port = Number(new URL(first.postgresUrl).port);
    await expect(
      startStack({ kind: 'embedded', parts: ['postgres'], ports: { postgres: port } }),
    ).rejects.toMatchObject({ code: 'port-taken', message: expect.stringContaining(String(port)) as string });
  });
});
