import type { FaultKind } from '../fault-kind.ts';

/** What happens to databases, to those who write there, and between them. */
export const DATABASE_FAULTS: Readonly<Record<string, FaultKind>> = {
  'database down': {
    weight: 1.5,
    strike: ({ random, databases, later }) => {
      const database = random.pick(databases.all);
      database.stop();
      later(random.between(200, 6_000), () => database.start());
      return database.name;
    },
  },
  'database promoted': {
    weight: 0.7,
    strike: ({ random, databases }) => {
      const database = random.pick(databases.all);
      databases.replace(database, 0);
      return database.name;
    },
  },
  'fence target restored': {
    weight: 1.5,
    strike: ({ random, databases }) => {
      const database = random.pick(databases.targets);
      databases.replace(database, random.between(1, 7));
      return database.name;
    },
  },
  'database out of reach': {
    weight: 3,
    strike: ({ random, databases, services, later }) => {
      const projectors = services.filter(({ kind }) => kind.name === 'projector').map(({ place }) => place);
      const accounts = databases.accounts.map(({ target }) => `${target}-service`);
      const cut = random.chance(0.4)
        ? `${random.pick(['h1', 'h2'])}|${random.pick(databases.targets).name}`
        : `${random.pick([...projectors, ...accounts])}|${random.pick(databases.all).name}`;
      databases.sql.cuts.add(cut);
      later(random.between(500, 10_000), () => databases.sql.cuts.delete(cut));
      return cut;
    },
  },
  'account service paused': {
    weight: 2,
    strike: ({ random, databases, later }) => {
      const account = random.pick(databases.accounts);
      const { process } = account;
      process.pause();
      later(random.between(100, 8_000), () => process.resume());
      return account.target;
    },
  },
  'account service crashed': {
    weight: 1,
    strike: ({ random, databases }) => {
      const account = random.pick(databases.accounts);
      account.crash();
      return account.target;
    },
  },
};
