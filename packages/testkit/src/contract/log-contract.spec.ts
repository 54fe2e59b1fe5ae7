import { ScriptedNetwork, type Fate } from '../memory/index.ts';
import { logContract } from './log-contract.ts';
import { memoryLogUnderTest } from './memory-log-under-test.ts';

/** Every other request takes far longer than the one behind it; markers come late; fetches bring little. */
class SlowNetwork extends ScriptedNetwork {
  override fetchDelayMs = 15;
  override markerDelayMs = 40;
  override cutAt = 2;
  #count = 0;

  override fate(): Fate {
    this.#count += 1;
    return { sendMs: 3, reachMs: this.#count % 2 === 0 ? 5 : 55, isAnswered: true, answerMs: 4 };
  }
}

logContract(
  'in memory',
  memoryLogUnderTest(() => new ScriptedNetwork()),
);
logContract(
  'in memory, over a slow network',
  memoryLogUnderTest(() => new SlowNetwork()),
);
