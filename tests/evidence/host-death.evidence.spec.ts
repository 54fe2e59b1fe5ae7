import { afterAll, beforeAll, expect, it } from 'vitest';
import { BROWSERS } from './browser.fixture.ts';
import { mayChooseBoots } from './host-boot.fixture.ts';
import { historyOf, type Ending, type HistoryName } from './host-histories.fixture.ts';
import type { HostMachine } from './host-machine.fixture.ts';
import { HostWorld } from './host-world.fixture.ts';
import { withBrowser } from './with-browser.fixture.ts';

const many = (count: number, history: HistoryName): readonly HistoryName[] =>
  Array<HistoryName>(count).fill(history);

const TWENTY: readonly HistoryName[] = [
  ...many(4, 'reads'),
  ...many(2, 'fills a cart'),
  ...many(3, 'has logged in'),
  ...many(1, 'has logged in, torn'),
  ...many(3, 'checks out'),
  ...many(1, 'writes a letter'),
  ...many(2, 'has finished'),
  ...many(2, 'reports nothing'),
  ...many(2, 'is starting'),
];
const OPEN_BOUND_MS = 360_000;
const TEST_BOUND_MS = 180_000;
const STAGES = {
  available: 'available',
  retry: 'available',
  'resume-pending': 'resume-pending',
  'manual-review': 'manual-review',
} as const;
const NOBODY_LOOKED: Ending = { rule: 'holder-unknown', outcome: 'manual-review' };

const NAME = 'a host that dies with twenty leases';

/** Both are lost in the same way at the same time, and each test is about one of them. */
const tests = (): void => {
  let world: HostWorld;
  let back: HostMachine;
  let gone: HostMachine;
  beforeAll(async () => {
    world = await HostWorld.open();
    back = await world.machine('host-back', TWENTY);
    gone = await world.machine('host-gone', TWENTY);
    await Promise.all([back.die(), gone.die()]);
    await world.decided(back, 1);
    await world.decided(gone, 1);
  }, OPEN_BOUND_MS);
  afterAll(async () => world[Symbol.asyncDispose]());

  const endingsOf = (profileId: string) =>
    world.said('Decided', profileId).map(({ round, rule, outcome }) => ({ round, rule, outcome }));

  /** Each case by itself: first nobody could look, then as its history says. Returns how many wait for a person. */
  const expectEndings = async (
    machine: HostMachine,
    endingOf: (history: HistoryName) => Ending,
  ): Promise<number> => {
    const stages = await world.stages();
    for (const { profileId, history } of machine.held) {
      const ending = endingOf(history);
      expect(endingsOf(profileId), `${profileId} ${history}`).toEqual([
        { round: 1, ...NOBODY_LOOKED },
        { round: 2, ...ending },
      ]);
      expect(stages.get(profileId)).toBe(STAGES[ending.outcome]);
      const [, again] = world.said('Quarantined', profileId);
      expect(again).toMatchObject({ round: 2, cause: 'host-restarted' });
      process.stdout.write(`${machine.hostId}, ${history}: ${ending.outcome} by ${ending.rule}\n`);
    }
    return machine.held.filter(({ profileId }) => stages.get(profileId) === 'manual-review').length;
  };

  it('leaves them to wait for it: their tokens are worthless, and nobody could look', () => {
    for (const { profileId } of [...back.held, ...gone.held]) {
      expect(world.said('Quarantined', profileId)[0]).toMatchObject({ cause: 'heartbeat-stopped', token: 1 });
      expect(endingsOf(profileId)[0]).toEqual({ round: 1, ...NOBODY_LOOKED });
      expect(world.said('EvidenceCollected', profileId)[0]?.findings.browserAlive).toMatchObject({
        value: 'unknown',
        how: expect.stringContaining('no collector of host') as string,
      });
    }
    // Twenty leases in six partitions: somewhere more fell silent together than one monitor believes at once.
    expect(world.said('MassSilence', null).length).toBeGreaterThan(0);
  });

  it('has each looked at again when it is back with another boot', { timeout: TEST_BOUND_MS }, async () => {
    await back.comeBack();
    await world.decided(back, 2);
    expect(await expectEndings(back, (history) => historyOf(history).seen)).toBe(7);
    for (const { profileId } of back.held)
      expect(world.said('EvidenceCollected', profileId).at(-1)).toMatchObject({
        hostId: 'host-back',
        round: 2,
        findings: {
          sameBoot: { value: 'no', how: expect.stringContaining(back.boot.id) as string },
          workerAlive: { value: 'no' },
          directoryPresent: { value: 'yes' },
        },
      });
  });

  it(
    'has each decided by what it had told, when an operator attests that it is off',
    { timeout: TEST_BOUND_MS },
    async () => {
      const told = await world.warden(
        'host',
        'attest-dead',
        'host-gone',
        '--reason',
        'its power supply burnt',
      );
      expect(told).toContain('host host-gone reported dead to 6 partitions');
      await world.decided(gone, 2);
      expect(await expectEndings(gone, (history) => historyOf(history).unseen)).toBe(6);
      for (const { profileId } of gone.held)
        expect(world.said('EvidenceCollected', profileId).at(-1)).toMatchObject({
          round: 2,
          findings: { browserAlive: { value: 'unknown' }, directoryPresent: { value: 'unknown' } },
        });
    },
  );
};

if (mayChooseBoots) withBrowser(BROWSERS.CHROMIUM, NAME, tests);
else it(NAME, ({ skip }) => skip('not run: needs the right to mount a file'));
