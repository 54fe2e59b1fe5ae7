import { isOwned } from '@profile-warden/domain';
import type { Intent, WardenEvent } from '@profile-warden/events';
import { beat, releaseRequested, request, stepCompleted, stepStarted } from '../../spec/index.ts';
import type { Model } from '../model.ts';
import type { Allowance, Situation, WorkerState } from '../situation.ts';
import { incarnationOf, mayAct, type Turn } from '../turn.ts';
import type { Move } from './move.ts';

/** What a worker may do under a lease, each once. */
const STEPS = [
  { step: 'pay', kind: 'sensitive', uses: 'pays', outcomes: ['ok', 'unknown'] },
  { step: 'mail', kind: 'side-effect', uses: 'mails', outcomes: ['ok', 'unknown'] },
  { step: 'look', kind: 'read', uses: 'looks', outcomes: ['ok'] },
] as const;
/** Longer than any search lasts. */
const PATIENT_MS = 5_000;

/** What a worker says; it lands at once, or waits in the outbox, which holds one message. */
interface Message {
  readonly name: string;
  readonly event: WardenEvent;
  readonly change: Partial<WorkerState>;
  readonly uses?: keyof Allowance;
}

export const moves = (model: Model, from: Situation): Move[] => [
  ...movesOfOne(model, from, 0),
  ...movesOfOne(model, from, 1),
];

const movesOfOne = (model: Model, from: Situation, index: 0 | 1): Move[] => {
  const worker = model.workers.value(from.workers[index]);
  const { name } = worker;
  const waiting = from.outboxes[index];
  const found: Move[] = [];
  if (waiting >= 0)
    found.push({
      name: `${name}'s message lands: ${model.sent.value(waiting).event.type}`,
      play: (turn) => {
        turn.outboxes[index] = -1;
        turn.append(waiting);
      },
    });
  if (!worker.isAlive) return found;
  if (hasLost(model, from, worker))
    found.push({
      name: `${name} reads that its lease has ended`,
      play: (turn) => turn.setWorker(index, { isRevoked: true, leftMs: null, steps: {} }),
    });
  if (worker.token !== null && model.allowances.value(from.allowance).crashes > 0)
    found.push({
      name: `${name} dies`,
      play: (turn) => {
        turn.use('crashes');
        turn.setWorker(index, { isAlive: false, leftMs: null, isRevoked: true, steps: {} });
      },
    });
  // One send is in flight.
  if (waiting >= 0) return found;
  for (const message of messages(model, from, worker)) found.push(...sendings(model, index, message));
  return found;
};

/** Its lease has ended, and it has not read so far. */
const hasLost = (model: Model, from: Situation, worker: WorkerState): boolean => {
  const { profile } = model.views.value(from.view);
  if (worker.token === null || worker.isRevoked || profile === null) return false;
  return !isOwned(profile) || profile.lease?.incarnation !== incarnationOf(worker.name);
};

const sendings = (model: Model, index: 0 | 1, { name, event, change, uses }: Message): Move[] => {
  const worker = index === 0 ? 'w1' : 'w2';
  const record = model.record(worker, event);
  const begin = (turn: Turn): void => {
    if (uses !== undefined) turn.use(uses);
    turn.setWorker(index, change);
  };
  return [
    {
      name: `${worker} ${name}`,
      play: (turn) => {
        begin(turn);
        turn.append(record);
      },
    },
    {
      name: `${worker} ${name}, which is under way`,
      play: (turn) => {
        begin(turn);
        turn.outboxes[index] = record;
      },
    },
  ];
};

const messages = (model: Model, from: Situation, worker: WorkerState): Message[] => {
  if (worker.token === null) return asks(model, from, worker);
  if (worker.isRevoked) return worker.hasReleased ? [] : [release(worker, 'unknown', 'confirmed')];
  if (worker.hasReleased) return [];
  const { token, name } = worker;
  const said: Message[] = [
    {
      name: 'beats',
      event: beat('reachable', { token, incarnation: incarnationOf(name) }),
      change: {},
    },
  ];
  if (mayAct(worker)) said.push(...stepMessages(model, from, worker, token));
  // A worker with steps under way does not call its work completed in order.
  said.push(release(worker, 'completed', 'confirmed'), release(worker, 'completed', 'unconfirmed'));
  return said;
};

/** One request at a time, again only after a denial. */
const asks = (model: Model, from: Situation, { name, askCount }: WorkerState): Message[] => {
  const { profile } = model.views.value(from.view);
  const lastId = `${name}-${askCount}`;
  const isAnswered =
    askCount === 0 || profile?.answered.some(({ requestId }) => requestId === lastId) === true;
  if (!isAnswered || model.allowances.value(from.allowance).asks === 0) return [];
  const stage = profile?.stage.kind ?? 'available';
  const intent: Intent =
    stage === 'resume-pending' ? 'resume' : stage === 'manual-review' ? 'inspect' : 'fresh';
  const patience = askCount === 0 ? [PATIENT_MS, 0] : [0];
  return patience.map((waitMs) => ({
    name: `asks (${intent}${waitMs === 0 ? ', will not wait' : ''})`,
    event: request(`${name}-${askCount + 1}`, {
      workerId: name,
      incarnation: incarnationOf(name),
      intent,
      waitMs,
    }),
    change: { askCount: askCount + 1 },
    uses: 'asks',
  }));
};

const stepMessages = (model: Model, from: Situation, worker: WorkerState, token: number): Message[] => {
  const isInspection = model.views.value(from.view).profile?.lease?.intent === 'inspect';
  if (isInspection) return [];
  const allowance = model.allowances.value(from.allowance);
  return STEPS.flatMap(({ step, kind, uses, outcomes }): Message[] => {
    const stepId = `${worker.name}-${step}`;
    const progress = worker.steps[stepId];
    if (progress === undefined && allowance[uses] > 0)
      return [
        {
          name: `begins to ${step}`,
          event: stepStarted(stepId, kind, { token }),
          change: { steps: { ...worker.steps, [stepId]: 'sent' } },
          uses,
        },
      ];
    if (progress !== 'read-back') return [];
    const checkpoint = kind === 'read' ? { name: 'seen', stored: 'server' as const } : null;
    const change = { steps: { ...worker.steps, [stepId]: 'done' as const } };
    return outcomes.map((outcome) => ({
      name: `${outcome === 'ok' ? 'has done' : 'does not know of'}: ${step}`,
      event: stepCompleted(stepId, { token, outcome, checkpoint }),
      change,
    }));
  });
};

const release = (
  { token }: WorkerState,
  outcome: 'completed' | 'unknown',
  browserClosed: 'confirmed' | 'unconfirmed',
): Message => ({
  name: browserClosed === 'confirmed' ? `releases (${outcome})` : 'releases, its browser perhaps open',
  event: releaseRequested({ token: token ?? 0, outcome, browserClosed }),
  change: { hasReleased: true, leftMs: null, steps: {} },
});
