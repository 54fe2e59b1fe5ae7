import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../memory/index.ts';
import { Random } from '../../walk/random.ts';
import { SimDatabase } from './sim-database.ts';
import { SqlClient, type SqlNetwork } from './sql-client.ts';

class Notes {
  readonly notes: string[];

  constructor(notes: readonly string[] = []) {
    this.notes = [...notes];
  }

  copy(): Notes {
    return new Notes(this.notes);
  }
}

const started = () => {
  const clock = new VirtualClock();
  const database = new SimDatabase('notes', clock, new Notes());
  const sql: SqlNetwork = { random: new Random(7), isHealed: true, cuts: new Set(), struck: () => true };
  const process = clock.process();
  const client = new SqlClient(sql, process, 'spec', database);
  /** Writes the note, holding a row of its name for so many ms. */
  const write = (note: string, ms = 0): Promise<void> =>
    client.transaction(async (query) => {
      await query(async (backend) => {
        await database.lock(note, backend, 'exclusive', 2_000);
        const { tables } = database;
        backend.write(() => tables.notes.push(note));
      });
      await process.sleep(ms);
    });
  return { clock, database, sql, process, client, write };
};

describe('a database', () => {
  it('shows nothing of a transaction before its commit', async () => {
    const { clock, database, write } = started();
    void write('one', 5_000);
    await clock.advance(4_000);
    expect(database.tables.notes).toEqual([]);
    await clock.advance(3_000);
    expect(database.tables.notes).toEqual(['one']);
  });

  it('keeps a row from everybody else, and refuses those who wait too long', async () => {
    const { clock, database, write } = started();
    void write('row', 6_000);
    await clock.advance(1_000);
    const refused = write('row').catch((error: unknown) => error);
    await clock.advance(4_000);
    expect(await refused).toMatchObject({ code: '55P03' });
    await clock.advance(4_000);
    expect(database.tables.notes).toEqual(['row']);
  });

  it('undoes what a client has begun that died, and lets its rows go', async () => {
    const { clock, database, process, sql, write } = started();
    void write('row', 60_000);
    await clock.advance(2_000);
    process.kill();
    await clock.advance(4_000);
    const other = new SqlClient(sql, clock.process(), 'other', database);
    void other.statement((backend) => database.lock('row', backend, 'exclusive', 10));
    await clock.advance(1_000);
    expect([database.tables.notes, database.locks.isFreeFor('row', database.open())]).toEqual([[], true]);
  });

  it('neither locks nor changes anything for a statement that comes when its transaction is over', () => {
    const { database } = started();
    const backend = database.open();
    backend.end();
    const late = () => backend.run(() => database.lock('row', backend, 'exclusive', 10));
    expect(late).toThrow('the connection is gone');
    expect(database.locks.isFreeFor('row', database.open())).toBe(true);
  });

  it('may have committed what its client gave up', async () => {
    const { clock, database, sql, client } = started();
    sql.isHealed = false;
    const outcomes = new Set<string>();
    for (let count = 0; count < 600; count += 1) {
      const before = database.tables.notes.length;
      const answered = client
        .statement(() => database.tables.notes.push('note'))
        .then(
          () => 'answered',
          () => 'given up',
        );
      await clock.advance(5_000);
      outcomes.add(`${await answered}, ${database.tables.notes.length > before ? 'done' : 'not done'}`);
    }
    expect([...outcomes].sort()).toEqual(['answered, done', 'given up, done', 'given up, not done']);
  });

  it('that is replaced is another one, with the tables of some time ago', async () => {
    const { clock, database, write } = started();
    void write('old');
    await clock.advance(4_000);
    void write('young');
    const hanging = write('hanging', 10_000).catch((error: unknown) => error);
    await clock.advance(1_500);
    const before = database.identity;
    database.replace(1);
    await clock.advance(20_000);
    expect(database.tables.notes).toEqual(['old']);
    expect(database.identity).not.toBe(before);
    expect(await hanging).toMatchObject({ code: '57P01' });
  });

  it('that is down answers nobody, and is another one when it is up again', async () => {
    const { clock, database, write } = started();
    const before = database.identity;
    database.stop();
    const refused = write('one').catch((error: unknown) => error);
    await clock.advance(2_000);
    expect(await refused).toBeInstanceOf(Error);
    database.start();
    void write('two');
    await clock.advance(2_000);
    expect(database.tables.notes).toEqual(['two']);
    expect(database.identity).not.toBe(before);
  });
});
