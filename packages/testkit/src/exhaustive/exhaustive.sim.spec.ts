import { describe, expect, it } from 'vitest';
import { PartitionLog } from '../spec/index.ts';
import { countDistinct } from './hash.ts';
import { EPOCHLESS, FORGETTING, HASTY, HEALING, IMPATIENT } from './planted-fault.fixture.ts';
import { searchRoom, type RoomReport } from './report.ts';
import { ROOMS, type Room } from './rooms.ts';
import type { Rules } from './rules.ts';
import { linesOf, scenarioOf, type Story } from './story.ts';
import { TINY_POLICY } from './tiny-policy.ts';

const roomNamed = (name: string): Room => {
  const room = ROOMS.find((one) => one.name === name);
  if (room === undefined) throw new Error(`no room ${name}`);
  return room;
};

/** Less deep than the search for itself, by so many actions. */
const SHALLOWER = 4;

describe('the search', { timeout: 60_000 }, () => {
  const reports = new Map<string, RoomReport>();
  const reportOf = (name: string): RoomReport => {
    const room = roomNamed(name);
    const report = reports.get(name) ?? searchRoom(room, room.depth - SHALLOWER);
    reports.set(name, report);
    return report;
  };

  it.each(ROOMS.map(({ name }) => name))('finds nothing wrong in room %s', (name) => {
    const { story, depth } = reportOf(name);
    expect(story === null ? [] : linesOf(story)).toEqual([]);
    expect(depth).toBe(roomNamed(name).depth - SHALLOWER);
  });
  it('sees the same states every time, and no state twice', () => {
    const all = ROOMS.map(({ name }) => reportOf(name));
    expect(Object.fromEntries(all.map(({ room, states }) => [room, states]))).toMatchInlineSnapshot(`
      {
        "fenced": 827,
        "free": 1248,
        "handed-on": 641,
        "held": 1619,
        "in-review": 608,
        "in-review-again": 3138,
        "inspected": 2067,
        "quarantined": 4502,
        "resumable": 826,
        "silent": 1630,
        "stopped": 2125,
        "under-inspection": 799,
        "written": 2405,
      }
    `);
    for (const { hashes, states } of all) expect(countDistinct([hashes])).toBe(states);
    const again = searchRoom(roomNamed('stopped'), 5);
    expect(again.hashes).toEqual(searchRoom(roomNamed('stopped'), 5).hashes);
  });
  it('comes through every stage, and to decisions of each kind', () => {
    const seen = (kind: string): string[] =>
      [...new Set(ROOMS.flatMap(({ name }) => [...(reportOf(name).seen.get(kind) ?? [])]))].sort();
    expect(seen('stages')).toMatchInlineSnapshot(`
      [
        "available",
        "held",
        "inspected",
        "manual-review",
        "quarantined",
        "resume-pending",
        "retired",
        "suspected-stale",
      ]
    `);
    expect(seen('rules')).toMatchInlineSnapshot(`
      [
        "holder-alive",
        "never-started",
        "never-touched",
        "operator",
        "safe-checkpoint",
        "sensitive-open",
      ]
    `);
    expect(seen('causes')).toMatchInlineSnapshot(`
      [
        "dual-use",
        "heartbeat-stopped",
        "holder-reappeared",
        "operator",
        "unconfirmed-close",
        "unsettled-step",
      ]
    `);
  });
});

describe('a fault that was planted', { timeout: 60_000 }, () => {
  const storyOf = (room: string, rules: Rules): Story => {
    const { story } = searchRoom(roomNamed(room), 6, rules);
    if (story === null) throw new Error('nothing was found');
    return story;
  };
  const actionsOf = ({ chapters }: Story): string[] =>
    chapters.filter(({ isBefore }) => !isBefore).map(({ name }) => name);

  it('is told by the fewest actions that bring it about', () => {
    const story = storyOf('held', FORGETTING);
    expect(actionsOf(story)).toMatchInlineSnapshot(`
      [
        "w1 begins to pay",
        "w1 releases (completed)",
        "the authority pays: LeaseReleased",
      ]
    `);
    expect(story.message).toMatchInlineSnapshot(`"I11: token 1 was released with 1:w1-pay open"`);
  });
  it('in the fold is found too', () => {
    expect(storyOf('quarantined', HEALING).invariant).toBe('I7');
    const story = storyOf('held', EPOCHLESS);
    expect(actionsOf(story)).toMatchInlineSnapshot(`
      [
        "w1 releases (completed)",
        "the authority decides: LeaseReleased",
        "another authority takes over",
        "the zombie commits: LeaseReleased",
      ]
    `);
    expect(story.invariant).toBe('I5');
  });
  it('lets a second worker in while the first may act, and is found by what the workers may do', () => {
    const story = storyOf('stopped', IMPATIENT);
    expect(story.message).toBe('I18: w1 may act with 1, 2 was granted');
    expect(actionsOf(story)).toHaveLength(6);
  });
  it('lets a look begin while the database still accepts writes, and is found by the database', () =>
    expect(storyOf('quarantined', HASTY).message).toBe('I9: evidence while the database still accepts'));
  it('is told as a log that can be folded again', () => {
    const { chapters } = storyOf('held', EPOCHLESS);
    const log = new PartitionLog();
    log.policy = TINY_POLICY;
    for (const { event, passedMs, offset } of chapters.flatMap(({ records }) => records)) {
      if (event.type === 'ClockTicked') log.tick(passedMs);
      else log.append(event);
      expect(log.nextOffset - 1).toBe(offset);
    }
    expect(log.folded.at(-1)).toBe('stale-epoch');
  });
  it('is told as a test to copy', () => {
    expect(scenarioOf(storyOf('held', EPOCHLESS)).join('\n')).toMatchInlineSnapshot(`
      "it("never: I5: LeaseReleased of a deposed authority took effect", () =>
      given(
        withPolicy(TINY_POLICY),
        {"bootId":"b1","browserKind":"chromium","browserVersion":"140.0.1","hostId":"h1","incarnation":"i-w1","intent":"fresh","maxRuntimeMs":null,"pid":100,"pidNamespace":"ns1","processStart":5000,"profileDirectory":"/profiles/p1","profileDirectoryId":null,"proxyId":"proxy-a","readOnly":false,"requestId":"w1-1","taskId":"t1","tenant":null,"type":"LeaseRequested","waitMs":5000,"workerId":"w1"},
        {"epoch":0,"holder":{"hostId":"h1","incarnation":"i-w1","taskId":"t1","workerId":"w1"},"intent":"fresh","leaseMs":40,"maxRuntimeMs":1000,"requestId":"w1-1","resumeFrom":null,"token":1,"type":"LeaseGranted"},
        {"browser":"reachable","incarnation":"i-w1","loopLagMs":0,"seq":1,"token":1,"type":"Heartbeat"},
        {"bootId":"b1","browserKind":"chromium","browserVersion":"140.0.1","hostId":"h1","incarnation":"i-w2","intent":"fresh","maxRuntimeMs":null,"pid":100,"pidNamespace":"ns1","processStart":5000,"profileDirectory":"/profiles/p1","profileDirectoryId":null,"proxyId":"proxy-a","readOnly":false,"requestId":"w2-1","taskId":"t1","tenant":null,"type":"LeaseRequested","waitMs":5000,"workerId":"w2"},
      )
      .when(
        {"browserClosed":"confirmed","outcome":"completed","token":1,"type":"ReleaseRequested"},
        {"foldVersion":1,"instanceId":"a2","type":"AuthorityEpochStarted"},
        {"epoch":0,"round":null,"token":1,"type":"LeaseReleased"},
      )
      .then({}));"
    `);
  });
});
