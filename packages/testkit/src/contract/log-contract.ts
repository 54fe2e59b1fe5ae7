import { describe } from 'vitest';
import { appenderContract } from './appender-contract.ts';
import { epochContract } from './epoch-contract.ts';
import { groupContract } from './group-contract.ts';
import type { OpenLog } from './log-under-test.ts';
import { readerContract } from './reader-contract.ts';

/**
 * What the ports of `packages/events/src/log.ts` promise, as specs over whatever `open` opens. Run over the topic in
 * memory and over a real broker: what holds in the simulation holds outside as far as this suite reaches.
 *
 * Where the two differ on purpose, and why that is harmless:
 * - In memory a new member may be assigned before the former owner is told; a real group makes both wait for each
 *   other, mostly. Nobody may rely on either, so the suite only asks for what is so in the end.
 * - The real adapters bound what waits (`queue-full`, 16 commits in a row); the memory ones do not, and whoever uses
 *   them never gets near those bounds.
 * - An authority event that cannot be read ends a real reader (`log-reader.int.spec.ts`). The memory topic refuses to
 *   hold one, since a simulation that stops there proves nothing.
 * - All memory readers are given the same object for a record. It is deeply read-only by type.
 * - Lost answers and late requests need a network that can be told to fail: `memory-log.spec.ts` has them in memory,
 *   `appender.int.spec.ts`, `epoch-writer.int.spec.ts` and `outage.int.spec.ts` on a broker.
 */
export const logContract = (where: string, open: OpenLog): void => {
  describe(`the log ${where}`, () => {
    appenderContract(open);
    epochContract(open);
    readerContract(open);
    groupContract(open);
  });
};
