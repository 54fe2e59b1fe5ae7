import { canonicalState } from '@profile-warden/domain';
import { expect, it } from 'vitest';
import { Bench } from '../runtime/runtime.fixture.ts';
import { found, startRestored, stored } from './restore.fixture.ts';

/** Retention has removed every record that the snapshot was folded from. */
const emptied = async (trustsEmptiedLog?: boolean) => {
  const bench = new Bench();
  bench.quarantine('p1');
  const state = bench.state();
  const restored = await startRestored(bench, {
    source: found(() => stored(state)),
    start: state.nextOffset,
    ...(trustsEmptiedLog === undefined ? {} : { trustsEmptiedLog }),
  });
  return { bench, restored };
};

it('starts from no snapshot that an emptied log does not bear out any more', async () => {
  const { restored } = await emptied();
  await expect(restored.reader.failed).rejects.toMatchObject({
    code: 'log-emptied',
    message: expect.stringContaining('WARDEN_TRUST_EMPTIED_LOG=on') as string,
  });
});

it('starts from it where somebody vouches for that', async () => {
  const { bench, restored } = await emptied(true);
  await bench.clock.advance(10);
  const [view] = restored.runtime.views();
  expect(view === undefined ? '' : canonicalState(view.state)).toBe(canonicalState(bench.state()));
});
