import type { Model, Sight } from '../model.ts';
import type { Situation } from '../situation.ts';
import { TICK_MS } from '../tiny-policy.ts';
import { incarnationOf } from '../turn.ts';
import { later, type Move } from './move.ts';

export const moves = (model: Model, from: Situation): Move[] => [
  ...clock(model, from),
  ...duties(model, from),
  ...looks(model, from),
  ...arrivals(model, from),
];

const clock = (model: Model, from: Situation): Move[] => {
  const { epoch, lastTickAtMs } = model.views.value(from.view);
  const tick = model.record('detector', { type: 'ClockTicked', intervalMs: TICK_MS, epoch });
  const found: Move[] = [
    {
      name: 'time passes, the detector ticks',
      play: (turn) => {
        turn.pass(TICK_MS);
        turn.append(tick);
      },
    },
  ];
  if (model.allowances.value(from.allowance).missedTicks > 0)
    found.push({
      name: 'time passes without a tick',
      play: (turn) => {
        turn.use('missedTicks');
        turn.pass(TICK_MS);
      },
    });
  if (lastTickAtMs !== null && lastTickAtMs < 0)
    found.push({ name: 'the detector ticks late', play: (turn) => turn.append(tick) });
  return found;
};

const duties = (model: Model, from: Situation): Move[] =>
  (['detector', 'decider'] as const).flatMap((by) =>
    model.owed(by, from.view).flatMap((record): Move[] => {
      const { type } = model.sent.value(record).event;
      return [
        { name: `the ${by} pays: ${type}`, play: (turn) => turn.append(record) },
        ...later(from.late, record, `the ${by} decides and is late: ${type}`),
      ];
    }),
  );

const SAYS: Record<Sight, string> = {
  alive: 'finds the holder alive',
  gone: 'finds the holder gone',
  nothing: 'can find out nothing',
};

/** What is true is always among what a look may find; the rest is allowed only so often. */
const looks = (model: Model, from: Situation): Move[] => {
  const { profile } = model.views.value(from.view);
  const allowance = model.allowances.value(from.allowance);
  const isAlive = from.workers.some((id) => {
    const worker = model.workers.value(id);
    return worker.isAlive && incarnationOf(worker.name) === profile?.lease?.incarnation;
  });
  const truth: Sight = isAlive ? 'alive' : 'gone';
  const found: Move[] = lookMoves(model, from, truth, null);
  if (isAlive && allowance.wrongLooks > 0) found.push(...lookMoves(model, from, 'gone', 'wrongLooks'));
  if (allowance.blindLooks > 0) found.push(...lookMoves(model, from, 'nothing', 'blindLooks'));
  return found;
};

const lookMoves = (
  model: Model,
  from: Situation,
  sight: Sight,
  uses: 'wrongLooks' | 'blindLooks' | null,
): Move[] =>
  model.look(from.view, sight).flatMap((record) => {
    const how = `${uses === 'wrongLooks' ? 'wrongly ' : ''}${SAYS[sight]}`;
    const both: Move[] = [
      { name: `the collector ${how}`, play: (turn) => turn.append(record) },
      ...later(from.late, record, `the collector ${how} and is late`),
    ];
    if (uses === null) return both;
    return both.map(({ name, play }) => ({
      name,
      play: (turn) => {
        turn.use(uses);
        play(turn);
      },
    }));
  });

const arrivals = (model: Model, from: Situation): Move[] =>
  from.late.map((record, index) => {
    const { by, event } = model.sent.value(record);
    return {
      name: `what the ${by} decided lands: ${event.type}${index === 0 ? '' : ` (${index + 1})`}`,
      play: (turn) => {
        turn.late = turn.late.filter((one) => one !== record);
        turn.append(record);
      },
    };
  });
