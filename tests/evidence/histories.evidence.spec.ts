import { RULES } from '@profile-warden/domain';
import type { EventOf, EventType, Finding } from '@profile-warden/events';
import type { Judgement } from '@profile-warden/testkit/dump';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { BROWSERS } from './browser.fixture.ts';
import { decisionsOf, type ToldDecision } from './history-log.fixture.ts';
import { OTHERS, TABLE, type Play } from './history-plays.fixture.ts';
import { SESSION_COOKIE } from './history-shop.fixture.ts';
import { HistoryStage, type Played, type Told } from './history-stage.fixture.ts';
import { HistoryWorld } from './history-world.fixture.ts';
import { withBrowser } from './with-browser.fixture.ts';

const PLAYS = { ...TABLE, ...OTHERS };
type Name = keyof typeof PLAYS;

/** A history and what others were told behind it. */
interface Aftermath extends Played {
  /** To somebody with another task. */
  readonly fresh: Told;
  /** To somebody who would go on with the same task; asked only where the other one got nothing. */
  readonly resume: Told | null;
}

/** Well under two minutes on a machine of its own. */
const BOUND_MS = 420_000;
const IN_REVIEW = { denied: 'in-review', state: 'manual-review' };
const nothingGranted = { fresh: IN_REVIEW, resume: IN_REVIEW };
const granted = (token: number) => ({ fresh: { granted: token, resumeFrom: null }, resume: null });
const resumed = (stepsSince: readonly object[]) => ({
  fresh: { denied: 'resume-pending', state: 'resume-pending' },
  resume: { granted: 2, resumeFrom: { checkpoint: { name: 'logged in', stored: 'profile' }, stepsSince } },
});
const review = (rule: string, ...reasons: readonly string[]) => ({ outcome: 'manual-review', rule, reasons });
const CHECK_OUT_OPEN = review('sensitive-open', 'open: check out (sensitive)');

const sentenceOf = (name: string, finding: unknown): string => {
  const { value, how } = finding as Finding;
  return `${name}: ${value} (${how})`.slice(0, 512);
};

const play = async (world: HistoryWorld, profileId: string, happens: Play): Promise<Aftermath> => {
  const stage = new HistoryStage(world, profileId);
  const played = await happens(stage);
  await stage.decided(played.token ?? 1);
  const fresh = await stage.ask({ taskId: 'another-task' });
  return { ...played, fresh, resume: 'denied' in fresh ? await stage.ask({ intent: 'resume' }) : null };
};

withBrowser(BROWSERS.CHROMIUM, 'a history of a real worker and its browser', () => {
  let world: HistoryWorld | undefined;
  const played = new Map<string, Promise<Aftermath>>();
  let log: Judgement;
  let decisions: readonly ToldDecision[];

  // All at once, each on a profile of its own; a test that fails does so alone.
  beforeAll(async () => {
    const opened = await HistoryWorld.open();
    world = opened;
    for (const [profileId, happens] of Object.entries(PLAYS))
      played.set(profileId, play(opened, profileId, happens));
    await Promise.allSettled(played.values());
    log = await opened.parts.judge();
    decisions = decisionsOf(log.records, opened.parts.policy);
    for (const { profileId, event } of decisions)
      process.stdout.write(`${profileId}: ${event.outcome} by ${event.rule} (${event.reasons.join('; ')})\n`);
  }, BOUND_MS);
  afterAll(async () => world?.[Symbol.asyncDispose]());

  const allDecided = (name: Name): readonly EventOf<'Decided'>[] =>
    decisions.filter(({ profileId }) => profileId === name).map(({ event }) => event);

  /** The one decision of a history in which there was one round. */
  const decidedOf = (name: Name): EventOf<'Decided'> => {
    const [decided, ...more] = allDecided(name);
    expect(more, 'more than one decision').toEqual([]);
    if (decided === undefined) throw new Error(`nothing was decided about ${name}`);
    expect(decided.round).toBe(1);
    return decided;
  };

  /** All that the topic has of one kind about a history. */
  const told = <K extends EventType>(name: Name, type: K): readonly EventOf<K>[] =>
    [...log.records.values()]
      .flat()
      .filter(({ profileId, event }) => profileId === name && event.type === type)
      .map(({ event }) => event as unknown as EventOf<K>);

  const causesOf = (name: Name): readonly string[] => told(name, 'Quarantined').map(({ cause }) => cause);

  /** What others are told, and the one decision. */
  const expectEnd = async (name: Name, next: object, decision: object): Promise<EventOf<'Decided'>> => {
    expect(await played.get(name)).toMatchObject(next);
    const decided = decidedOf(name);
    expect(decided).toMatchObject(decision);
    return decided;
  };

  it('C62 login in flight, repeatable: retry', async () => {
    const reasons = ['every step of the task may be done again'];
    await expectEnd('login-in-flight', granted(2), { outcome: 'retry', rule: 'restartable', reasons });
  });

  it('C64 C73 login done, killed 12 s later, before Chromium has saved it: retry', async () => {
    const reasons = ['every step of the task may be done again'];
    const next = { ...granted(2), cookies: [] };
    await expectEnd('login-just-done', next, { outcome: 'retry', rule: 'restartable', reasons });
  });

  it('C64 login done, killed when Chromium had long saved it: resume-pending', async () => {
    const reasons = ['checkpoint logged in on the profile, nothing behind it forbids a repeat'];
    const next = { ...resumed([]), cookies: [SESSION_COOKIE] };
    await expectEnd('login-kept', next, { outcome: 'resume-pending', rule: 'safe-checkpoint', reasons });
  });

  it('item added to the cart behind the login: resume-pending with the steps done', async () => {
    const reasons = ['checkpoint logged in on the profile, nothing behind it forbids a repeat'];
    const next = resumed([{ name: 'add to the cart', kind: 'reversible' }]);
    await expectEnd('cart-filled', next, { outcome: 'resume-pending', rule: 'safe-checkpoint', reasons });
  });

  it('C89 checkout timed out, the script swallowed the error and released in order: manual-review', async () => {
    await expectEnd('checkout-swallowed', nothingGranted, CHECK_OUT_OPEN);
    expect(causesOf('checkout-swallowed')).toEqual(['unsettled-step']);
    expect(told('checkout-swallowed', 'ReleaseRequested')).toMatchObject([{ browserClosed: 'confirmed' }]);
    expect(told('checkout-swallowed', 'LeaseReleased')).toEqual([]);
  });

  it('C89 checkout killed in flight: manual-review', async () => {
    await expectEnd('checkout-in-flight', nothingGranted, CHECK_OUT_OPEN);
    expect(causesOf('checkout-in-flight')).toEqual(['heartbeat-stopped']);
  });

  it('final step ok, killed before its release: available, and the task is done', async () => {
    const reasons = ['the final step completed', 'the task is done and must not be started again'];
    await expectEnd('order-placed', granted(2), { outcome: 'available', rule: 'finished', reasons });
  });

  it('read-only scraping killed: retry', async () => {
    const reasons = ['the task declared that it changes nothing'];
    await expectEnd('read-only', granted(2), { outcome: 'retry', rule: 'restartable', reasons });
  });

  it('two tabs, checkout open in one, a read done in the other: manual-review', async () => {
    await expectEnd('two-tabs', nothingGranted, CHECK_OUT_OPEN);
    const { findings } = decisions.find(({ profileId }) => profileId === 'two-tabs') ?? {};
    expect(findings).toMatchObject({ lastStep: 'look at the orders', openSteps: ['check out'] });
  });

  it('script that reports no steps, killed: manual-review', async () => {
    const reasons = ['the browser was in use but no step was reported'];
    const decision = { outcome: 'manual-review', rule: 'unreported-activity', reasons };
    await expectEnd('legacy-script', nothingGranted, decision);
  });

  it('request in the queue whose worker has died: available', async () => {
    const reasons = ['no report was ever made under this token'];
    const decision = { token: 2, outcome: 'available', rule: 'never-started', reasons };
    await expectEnd('queued-worker-dead', granted(3), decision);
  });

  it('killed while a person looked into the profile: the review goes on', async () => {
    expect(await played.get('killed-in-review')).toMatchObject(nothingGranted);
    expect(allDecided('killed-in-review')).toMatchObject([
      { token: 1, round: 1, ...CHECK_OUT_OPEN },
      { token: 2, round: 1, ...review('inspect', 'the lease was an inspection') },
    ]);
  });

  it('C62 a task that is killed each time: retry, and then manual-review', async () => {
    expect(await played.get('killed-twice')).toMatchObject(nothingGranted);
    const reason = 'recovery 2 of the task, at most 1 are automatic';
    expect(allDecided('killed-twice')).toMatchObject([
      { token: 1, round: 1, outcome: 'retry', rule: 'restartable' },
      { token: 2, round: 1, ...review('crash-loop', reason) },
    ]);
  });

  it('stopped by an operator: manual-review', async () => {
    const decision = review('operator', 'stopped by ada: wrong account');
    await expectEnd('stopped-by-operator', nothingGranted, decision);
    expect(causesOf('stopped-by-operator')).toEqual(['operator']);
  });

  it('C01 C21 killed, and the lock names another host: manual-review', async () => {
    const decision = { outcome: 'manual-review', rule: 'holder-unknown' };
    const { reasons } = await expectEnd('lock-of-another-host', nothingGranted, decision);
    expect(reasons.join()).toContain('browserAlive: unknown (foreign-host-lock');
  });

  it('C07 worker killed, its browser lives on: manual-review', async () => {
    const decision = { outcome: 'manual-review', rule: 'holder-alive' };
    const { reasons } = await expectEnd('browser-lives-on', nothingGranted, decision);
    expect(reasons.join()).toContain('browserAlive: yes');
  });

  it('killed, and something still writes into the profile: manual-review', async () => {
    const decision = { outcome: 'manual-review', rule: 'dual-writer' };
    const { reasons } = await expectEnd('synced-by-others', nothingGranted, decision);
    expect(reasons.join()).toContain('changedBetweenLooks: yes');
  });

  it('killed, and the preferences are broken: manual-review', async () => {
    const decision = { outcome: 'manual-review', rule: 'profile-corrupt' };
    const { reasons } = await expectEnd('preferences-broken', nothingGranted, decision);
    expect(reasons).toEqual([expect.stringContaining('preferencesValid: no')]);
  });

  it('C62 a message killed in flight that must not be sent twice: manual-review', async () => {
    const decision = review('side-effect-open', 'open: send the message (side-effect)');
    await expectEnd('message-in-flight', nothingGranted, decision);
  });

  it('C75 killed behind a step through another proxy: manual-review', async () => {
    const decision = review('proxy-mismatch', 'last step used proxy-us-9, the lease proxy-eu-1');
    await expectEnd('another-proxy', nothingGranted, decision);
  });

  it('killed before it started its browser: available', async () => {
    const reasons = ['the browser never answered and no step was begun'];
    const decision = { outcome: 'available', rule: 'never-touched', reasons };
    await expectEnd('browser-never-started', granted(2), decision);
  });

  it('C62 a message sent that must not be sent twice, and no checkpoint behind it: manual-review', async () => {
    const decision = review('ambiguous', 'no rule says that the profile may be handed on');
    await expectEnd('message-sent', nothingGranted, decision);
  });

  it('is told by a log that breaks no invariant', () => {
    expect(log.violations).toEqual([]);
    expect(world?.parts.died, 'services that ended by themselves').toEqual([]);
    expect(decisions.filter(({ owed, event }) => !isDeepStrictEqual(owed, event))).toEqual([]);
  });

  it('is decided by rules that name every finding without which they had decided otherwise', () => {
    const unnamed = decisions.flatMap(({ profileId, event, findings, usedFindings }) =>
      usedFindings
        .filter((name) => !event.reasons.some((reason) => reason === sentenceOf(name, findings[name])))
        .map((name) => `${event.rule} on ${profileId} does not name ${name}`),
    );
    expect(unnamed).toEqual([]);
    expect(decisions.filter(({ usedFindings }) => usedFindings.length > 0).length).toBeGreaterThan(3);
  });

  for (const { id } of RULES)
    it(`is decided by the rule ${id}, in one of these at least`, () => {
      const by = decisions.filter(({ event }) => event.rule === id).map(({ profileId }) => profileId);
      process.stdout.write(`${id}: ${by.join(', ')}\n`);
      expect(by).not.toEqual([]);
    });
});
