import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EVENT_TYPES, schemaOf } from '@profile-warden/events';
import { afterEach, describe, expect, it } from 'vitest';
import { KeptSchemas, type SchemaIdSource } from './kept-schemas.ts';
import { KafkaSetupError, type KafkaSetupErrorCode } from './setup-error.ts';

const IDS = new Map(EVENT_TYPES.map((type, index) => [type, index + 1]));
const OLDER = { ...schemaOf('Heartbeat'), doc: 'An older one.' };
const answering: SchemaIdSource = {
  schemaIds: () => Promise.resolve(IDS),
  schemaById: () => Promise.resolve(OLDER),
};
const failing = (code: KafkaSetupErrorCode): SchemaIdSource => ({
  schemaIds: () => Promise.reject(new KafkaSetupError(code, 'as told')),
  schemaById: () => Promise.reject(new KafkaSetupError(code, 'as told')),
});

describe('schemas kept on disk', () => {
  const dir = mkdtempSync(join(tmpdir(), 'kept-schemas-'));
  const path = join(dir, 'below', 'schemas.json');
  const notices: string[] = [];
  const open = (registry: SchemaIdSource, origin = 'registry of a'): Promise<KeptSchemas> =>
    KeptSchemas.open({ registry, path, origin, onNotice: (line) => notices.push(line) });
  afterEach(() => {
    notices.length = 0;
    rmSync(dir, { recursive: true, force: true });
  });

  it('stand in for a registry that is away: our own ids, and schemas of others that were learned', async () => {
    const first = await open(answering);
    expect(await first.schemaIds()).toEqual(IDS);
    expect(await first.schemaById(99)).toEqual(OLDER);
    const second = await open(failing('registry-unreachable'));
    expect(await second.schemaIds()).toEqual(IDS);
    expect(await second.schemaById(99)).toEqual(OLDER);
    expect(notices).toEqual([expect.stringContaining('the registry does not answer')]);
  });

  it('are not asked where the registry answers, be it with no', async () => {
    await (await open(answering)).schemaIds();
    const second = await open(failing('schema-missing'));
    await expect(second.schemaIds()).rejects.toMatchObject({ code: 'schema-missing' });
  });

  it('are not used where one of ours is missing or differs, or where they belong to another registry', async () => {
    await (await open(answering)).schemaIds();
    const other = await open(failing('registry-timeout'), 'registry of b');
    await expect(other.schemaIds()).rejects.toMatchObject({ code: 'registry-timeout' });
    expect(notices).toEqual([`${path} was kept of registry of a, not of registry of b: it is not used`]);
    const changed = readFileSync(path, 'utf8').replace('"name":"Heartbeat"', '"name":"Heartbeet"');
    writeFileSync(path, changed);
    const incomplete = await open(failing('registry-timeout'));
    await expect(incomplete.schemaIds()).rejects.toMatchObject({ code: 'registry-timeout' });
  });

  it('that cannot be read or written are told of, and nobody fails for it', async () => {
    await (await open(answering)).schemaIds();
    writeFileSync(path, '{"origin":');
    const damaged = await open(answering);
    expect(notices).toEqual([expect.stringContaining('cannot be read')]);
    expect(await damaged.schemaIds()).toEqual(IDS);
    const nowhere = await KeptSchemas.open({
      registry: answering,
      path: join(path, 'below-a-file.json'),
      origin: 'a',
      onNotice: (line) => notices.push(line),
    });
    expect(await nowhere.schemaIds()).toEqual(IDS);
    expect(notices.at(-1)).toContain('cannot be kept');
  });

  it('are none where no file is named', async () => {
    const none = await KeptSchemas.open({ registry: answering, path: null, origin: 'a' });
    expect(await none.schemaIds()).toEqual(IDS);
  });
});
