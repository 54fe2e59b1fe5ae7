import { ScriptedNetwork } from '../memory/index.ts';
import { logContract } from './log-contract.ts';
import { memoryLogUnderTest } from './memory-log-under-test.ts';

/** Markers come late, fetches bring little and take a while. */
const slowNetwork = (): ScriptedNetwork => {
  const network = new ScriptedNetwork();
  network.cutAt = 2;
  network.fetchDelayMs = 15;
  network.markerDelayMs = 40;
  for (const kind of ['append', 'init', 'produce', 'commit', 'heartbeat'] as const)
    network.always(kind, { sendMs: 3, reachMs: 5, isAnswered: true, answerMs: 4 });
  return network;
};

logContract(
  'in memory',
  memoryLogUnderTest(() => new ScriptedNetwork()),
);
logContract('in memory, over a slow network', memoryLogUnderTest(slowNetwork));
