import { FenceKeeper, Projections, projectorDuty, type OnProjectorSignal } from '@profile-warden/projector';
import { appendingOpener, restoring, type Opener } from '@profile-warden/service';
import type { MemoryLog } from '../../memory/index.ts';
import { Violation } from '../../walk/ledger.ts';
import type { ServiceBody, ServiceParts } from '../service-process.ts';
import { AccountService } from './account-service.ts';
import { fenceGateway } from './fence-gateway.ts';
import { FenceTables, type FenceDatabase } from './fence-tables.ts';
import { ProjectionCheck } from './projection-check.ts';
import { ReadTables, readModelStore, type ReadDatabase } from './read-model.ts';
import { SimDatabase } from './sim-database.ts';
import { snapshotsOf } from './snapshots.ts';
import { SqlClient, type SqlNetwork } from './sql-client.ts';
import { SqlError } from './sql-error.ts';
import { WriteBooks } from './write-books.ts';

export interface DatabaseWorld {
  readonly log: MemoryLog;
  readonly sql: SqlNetwork;
  readonly targets: readonly string[];
  readonly count: (what: string) => void;
  readonly onViolation: (violation: Violation) => void;
}

/** A mark that a restore has taken away is met again by the comparison that follows; anything else never happens. */
const isOtherLog = (error: unknown): boolean => error instanceof SqlError && error.code !== '55000';

/** The databases of the simulation with everybody who writes to them, and the books about it. */
export class Databases {
  readonly sql: SqlNetwork;
  readonly targets: readonly FenceDatabase[];
  readonly readModel: ReadDatabase;
  readonly accounts: readonly AccountService[];
  readonly books: WriteBooks;
  readonly check: ProjectionCheck;
  readonly #world: DatabaseWorld;

  constructor(world: DatabaseWorld) {
    const { log, sql, targets, onViolation } = world;
    this.#world = world;
    this.sql = sql;
    this.books = new WriteBooks(log, onViolation);
    this.targets = targets.map((name) => new SimDatabase(name, log.clock, new FenceTables()));
    this.readModel = new SimDatabase('read-model', log.clock, new ReadTables());
    this.accounts = this.targets.map(
      (database) => new AccountService({ log, sql, books: this.books }, database),
    );
    this.check = new ProjectionCheck(log, this.readModel, this.targets);
  }

  get all(): readonly (FenceDatabase | ReadDatabase)[] {
    return [...this.targets, this.readModel];
  }

  /** Opens as the given opener does, and from the snapshot in the read model. */
  restored(opener: Opener, { process, place }: ServiceParts): Opener {
    const { log, count } = this.#world;
    return restoring(opener, {
      source: snapshotsOf(new SqlClient(this.sql, process, place, this.readModel)),
      probe: {
        recordFrom: (partition, offset) =>
          Promise.resolve(log.committed(partition, offset).records[0] ?? null),
      },
      clock: process,
      onSignal: ({ type }) => count(`signal ${type}`),
    });
  }

  /** The projector as it is, on the ports of these databases. */
  projector(parts: ServiceParts): ServiceBody {
    const { process, line, appender, place } = parts;
    const { sql, books } = this;
    const { log, count, onViolation } = this.#world;
    const onSignal: OnProjectorSignal = (signal) => {
      count(`projector ${signal.type}`);
      if (signal.type === 'fence-refused' && isOtherLog(signal.error))
        onViolation(new Violation('unpayable', `${signal.target}: ${String(signal.error)}`));
    };
    const store = readModelStore(new SqlClient(sql, process, place, this.readModel));
    const projections = new Projections({
      store,
      clock: process,
      onSignal,
      readLog: (partition, from, to) =>
        Promise.resolve(log.committed(partition, from).records.filter(({ offset }) => offset < to)),
    });
    const keepers = this.targets.map(
      (database) =>
        new FenceKeeper({
          target: database.name,
          gateway: fenceGateway(new SqlClient(sql, process, place, database), books),
          logEnd: (partition) => log.end(line, partition),
          partitionCount: log.partitionCount,
          clock: process,
          onSignal,
        }),
    );
    return {
      duty: projectorDuty({ projections, keepers, onSignal }),
      opener: projections.opener(this.restored(appendingOpener(appender), parts)),
      background: (over) => {
        const never = new AbortController().signal;
        for (const keeper of keepers) keeper.run(never).catch(over);
        projections.failed.catch(over);
      },
    };
  }

  /** Another server in its place; see `SimDatabase.replace`. */
  replace(database: FenceDatabase | ReadDatabase, age: number): void {
    database.replace(age);
    this.books.replaced(database.name);
  }

  /** Everything reaches everybody, at once and once. */
  heal(): void {
    this.sql.isHealed = true;
    this.sql.cuts.clear();
    for (const database of this.all) database.start();
    for (const account of this.accounts) account.process.resume();
  }
}
