import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LEASE_MS, startBench } from './authority.fixture.ts';
import type { Bench } from './authority.fixture.ts';
import type { Lease } from './lease.ts';
import { settle } from './memory-log.fixture.ts';

type Move =
  | { readonly do: 'advance' | 'freeze' | 'jump'; readonly ms: number }
  | { readonly do: 'hold' | 'glimpse' | 'letGo' | 'cut' | 'cutAcks' | 'heal' }
  | { readonly do: 'step'; readonly kind: 'read' | 'side-effect' };

const moves: fc.Arbitrary<Move> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('advance' as const), ms: fc.integer({ min: 1, max: 60_000 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('freeze' as const), ms: fc.integer({ min: 1, max: 200_000 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('jump' as const),
      ms: fc.integer({ min: -500_000, max: 500_000 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constantFrom('hold', 'glimpse', 'letGo', 'cut', 'cutAcks', 'heal') }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('step' as const), kind: fc.constantFrom('read', 'side-effect') }),
  },
);

/**
 * Revokes the lease for silence alone, as soon as that is allowed: the earliest an authority could. From then on the
 * worker must not believe in it, whether or not the revocation has reached it.
 */
class Watchdog {
  revoked = false;
  believedTooLong = false;
  readonly #bench: Bench;
  readonly #lease: Lease;
  #heardAt = 0;
  #seen = 0;

  constructor(bench: Bench, lease: Lease) {
    this.#bench = bench;
    this.#lease = lease;
  }

  look(): void {
    const { log, clock, authority } = this.#bench;
    const heard = log.of('Heartbeat').length;
    if (heard > this.#seen) this.#heardAt = clock.now();
    this.#seen = heard;
    if (!this.revoked && clock.now() - this.#heardAt >= LEASE_MS) {
      this.revoked = true;
      authority.quarantine('p1', 1);
    }
    if (this.revoked && this.#lease.canAct()) this.believedTooLong = true;
  }
}

interface Tally {
  acted: number;
  tooLate: number;
}

async function play(bench: Bench, held: Lease, dog: Watchdog, list: readonly Move[]): Promise<Tally> {
  const { log, clock } = bench;
  const tally: Tally = { acted: 0, tooLate: 0 };
  for (const move of list) {
    switch (move.do) {
      case 'advance':
        for (let left = move.ms; left > 0; left -= 1_000) {
          await clock.advance(Math.min(left, 1_000));
          dog.look();
        }
        break;
      case 'freeze':
        clock.freeze(move.ms);
        dog.look();
        break;
      case 'jump':
        clock.jumpWall(move.ms);
        break;
      case 'hold':
        log.hold();
        break;
      case 'letGo':
        log.letGo();
        break;
      case 'glimpse':
        log.letGo();
        await settle();
        log.hold();
        break;
      case 'cut':
        log.fail('lost');
        break;
      case 'cutAcks':
        log.fail('written-but-unknown');
        break;
      case 'heal':
        log.heal();
        break;
      case 'step':
        held
          .step('act', { kind: move.kind }, () => {
            tally.acted += 1;
            if (dog.revoked) tally.tooLate += 1;
          })
          .catch(() => undefined);
        await settle();
        dog.look();
    }
  }
  return tally;
}

describe('whatever the network, the clocks and the process do', () => {
  it('no step acts after the lease was revoked for silence', async () => {
    let acted = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(moves, { minLength: 5, maxLength: 40 }), async (list) => {
        const bench = await startBench();
        const held = await bench.lease();
        const dog = new Watchdog(bench, held);
        dog.look();
        const tally = await play(bench, held, dog, list);
        await bench.clock.advance(1_000);
        acted += tally.acted;
        expect(tally.tooLate).toBe(0);
        expect(dog.believedTooLong).toBe(false);
      }),
      { numRuns: 150, seed: 18 },
    );
    // Else the property would hold for a worker that does nothing.
    expect(acted).toBeGreaterThan(50);
  });
});
