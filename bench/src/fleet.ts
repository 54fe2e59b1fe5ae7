import { openGrantLoop } from './grant-loop.ts';
import { Load } from './load.ts';
import { FleetLog, type FleetTarget } from './fleet-log.ts';

/** A fleet that holds its profiles, granted by the real authority, and then beats round after round. */
export const appendFleet = async (
  target: FleetTarget,
  profileCount: number,
  heartbeatCount: number,
  say: (line: string) => void,
): Promise<void> => {
  const profiles = Array.from({ length: profileCount }, (_, index) => `profile-${index}`);
  const { loop, close } = await openGrantLoop(target);
  const load = new Load(loop);
  await load.start();
  say(`${profileCount} leases granted, ${await load.full(profiles, 250, 4_000)}/s`);
  await close();

  const fleet = await FleetLog.open(target, profiles);
  await fleet.heartbeats(heartbeatCount);
  await fleet.close();
  say(`${heartbeatCount} heartbeats appended`);
};
