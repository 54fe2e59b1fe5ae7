import type { Lease } from '@profile-warden/worker';

export interface Ending {
  readonly rule: string;
  readonly outcome: 'available' | 'retry' | 'resume-pending' | 'manual-review';
}

/** What a worker had done on a profile when its host died. */
export interface History {
  /** What follows from it by the decision table when the profile could be looked at, and when it could not. */
  readonly seen: Ending;
  readonly unseen: Ending;
  readonly readOnly?: true;
  /** The browser never answered. */
  readonly isStarting?: true;
  /** The file of its preferences was torn by the death of the host. */
  readonly isTorn?: true;
  /** Resolves when the worker has come to where it stays. */
  readonly work: (lease: Lease) => Promise<unknown>;
}

const done = (): Promise<void> => Promise.resolve();

/** A step that is under way for ever. */
const open = (lease: Lease, name: string, kind: 'reversible' | 'side-effect' | 'sensitive'): Promise<void> =>
  new Promise((begun, failed) => {
    lease
      .step(name, { kind }, () => {
        begun();
        return new Promise<never>(() => undefined);
      })
      .catch(failed);
  });

const logIn = async (lease: Lease): Promise<void> => {
  const checkpoint = { name: 'logged in', stored: 'server' } as const;
  await lease.step('log in', { kind: 'side-effect', repeatable: true, checkpoint }, done);
  await lease.step('look at the cart', { kind: 'read' }, done);
};

const retry: Ending = { rule: 'restartable', outcome: 'retry' };
const resume: Ending = { rule: 'safe-checkpoint', outcome: 'resume-pending' };
const free = (rule: string): Ending => ({ rule, outcome: 'available' });
const review = (rule: string): Ending => ({ rule, outcome: 'manual-review' });
const always = (ending: Ending): Pick<History, 'seen' | 'unseen'> => ({ seen: ending, unseen: ending });

const HISTORIES = {
  reads: {
    ...always(retry),
    readOnly: true,
    work: (lease) => lease.step('read the orders', { kind: 'read' }, done),
  },
  'fills a cart': {
    ...always(retry),
    work: (lease) => open(lease, 'fill the cart', 'reversible'),
  },
  'has logged in': { ...always(resume), work: logIn },
  'has logged in, torn': { seen: review('profile-corrupt'), unseen: resume, isTorn: true, work: logIn },
  'checks out': {
    ...always(review('sensitive-open')),
    work: async (lease) => {
      await logIn(lease);
      await open(lease, 'check out', 'sensitive');
    },
  },
  'writes a letter': {
    ...always(review('side-effect-open')),
    work: (lease) => open(lease, 'send the letter', 'side-effect'),
  },
  'has finished': {
    ...always(free('finished')),
    work: (lease) => lease.step('check out', { kind: 'sensitive', final: true }, done),
  },
  'reports nothing': { ...always(review('unreported-activity')), work: done },
  'is starting': { ...always(free('never-touched')), isStarting: true, work: done },
} as const satisfies Record<string, History>;

export type HistoryName = keyof typeof HISTORIES;

export const historyOf = (name: HistoryName): History => HISTORIES[name];
