import { request, type MemoryLog, type ProcessClock } from '../../memory/index.ts';
import { writeRefused } from '../../spec/index.ts';
import type { FenceDatabase, FenceTables } from './fence-tables.ts';
import { requireToken } from './fence-tables.ts';
import { SqlClient, type SqlNetwork } from './sql-client.ts';
import { SqlError } from './sql-error.ts';
import type { AskedWrite, WriteBooks } from './write-books.ts';

/** Ms for which a write is tried again that comes before the fence knows its token. */
const TRY_MS = 2_000;
const TRY_EVERY_MS = 150;
/** Ms after which a caller waits no longer for its answer. */
const ANSWER_MS = 3_000;
/** Longest that a write may lie in some queue before it is begun. */
const LATE_MS = 12_000;

export interface Write {
  readonly profileId: string;
  readonly token: number;
  /** Offset of the caller's own grant. */
  readonly seenOffset: number | null;
}

export interface AccountWorld {
  readonly log: MemoryLog;
  readonly sql: SqlNetwork;
  readonly books: WriteBooks;
}

type Answer = AskedWrite['answer'];

/**
 * Writes to accounts for whoever asks with a token: asks the fence first, in the transaction that writes. *Up* ⇄ *paused*,
 * its transactions open; a crash ends them, and it is up again at once as another process.
 */
export class AccountService {
  readonly database: FenceDatabase;
  readonly #world: AccountWorld;
  process: ProcessClock;
  #client: SqlClient<FenceTables>;
  #refusals = 0;

  constructor(world: AccountWorld, database: FenceDatabase) {
    this.#world = world;
    this.database = database;
    this.process = world.log.clock.process();
    this.#client = this.#connect();
  }

  get target(): string {
    return this.database.name;
  }

  crash(): void {
    this.process.kill();
    this.process = this.#world.log.clock.process();
    this.#client = this.#connect();
  }

  /** Asked from elsewhere; the order may arrive when its sender has long given up. */
  async ask(caller: ProcessClock, place: string, write: Write): Promise<Answer> {
    const { books, log } = this.#world;
    const { profileId, token } = write;
    const asked: AskedWrite = {
      client: place,
      target: this.target,
      profileId,
      token,
      callMs: log.clock.now(),
      answer: 'unknown',
      answeredMs: null,
    };
    books.asked.push(asked);
    asked.answer = await this.#ask(caller, place, write);
    asked.answeredMs = log.clock.now();
    return asked.answer;
  }

  async #ask(caller: ProcessClock, place: string, write: Write): Promise<Answer> {
    const { random, isHealed, cuts } = this.#world.sql;
    if (cuts.has(`${place}|${this.target}`)) return 'unknown';
    const isLate = !isHealed && random.chance(0.06);
    const reachMs = isLate ? random.between(500, LATE_MS) : random.whole(6);
    const answered = request(
      caller,
      { sendMs: 0, reachMs, isAnswered: true, answerMs: random.whole(4) },
      () => this.#serve(write),
    );
    const over = new AbortController();
    try {
      return await Promise.race([
        answered,
        caller.sleep(ANSWER_MS, over.signal).then(() => 'unknown' as const),
      ]);
    } finally {
      // Not before the race is decided: a sleep that is woken would win it.
      over.abort('answered');
    }
  }

  #connect(): SqlClient<FenceTables> {
    return new SqlClient(this.#world.sql, this.process, `${this.target}-service`, this.database);
  }

  async #serve(write: Write): Promise<Answer> {
    const { process } = this;
    const client = this.#client;
    await process.turn();
    for (const until = process.now() + TRY_MS; ;) {
      try {
        await this.#write(client, process, write);
        return 'written';
      } catch (error) {
        const code = error instanceof SqlError ? error.code : null;
        if (code === 'WD001') this.#refuse(write);
        if (code === 'WD001') return 'refused';
        if (code !== 'WD002' || process.now() > until) return 'unknown';
        await process.sleep(TRY_EVERY_MS);
      }
    }
  }

  async #write(client: SqlClient<FenceTables>, process: ProcessClock, write: Write): Promise<void> {
    const { random } = this.#world.sql;
    const { books, log } = this.#world;
    const { database, target } = this;
    const { profileId, token } = write;
    const partition = log.partitionOf(profileId);
    await client.transaction(async (query) => {
      await query(async (backend) => {
        await requireToken(database, backend, { ...write, partition });
        books.accepted(target, profileId, token);
        backend.write(() => books.committed(target, profileId, token));
      });
      // Between the question and the commit lies whatever else the transaction does.
      await process.sleep(random.chance(0.06) ? random.between(300, 4_000) : random.whole(120));
    });
  }

  /** Says so outside the transaction that has failed. */
  #refuse({ profileId, token }: Write): void {
    const { log, books } = this.#world;
    books.refused(this.target, profileId, token);
    this.#refusals += 1;
    const { target } = this;
    const id = `${target}-refused-${this.#refusals}`;
    const knownToken = this.database.tables.fence.get(profileId)?.token ?? null;
    const event = { ...writeRefused(token), target, knownToken };
    void log
      .appender(this.process)
      .append([{ id, profileId, event }])
      .catch(() => undefined);
  }
}
