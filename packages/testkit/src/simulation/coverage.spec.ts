import { describe, expect, it } from 'vitest';
import { missing, MUST_HAPPEN, OUT_OF_REACH } from './coverage.ts';
import { EVENT_SYMBOLS, symbolsOf } from './event-symbols.ts';
import { quarantineRequested, stepCompleted } from '../spec/index.ts';

describe('what must happen', () => {
  it('follows from the schemas, the rules, the stages and the faults', () => {
    for (const what of [
      'StaleTokenRejected',
      'Quarantined.cause dual-use',
      'LeaseDenied.reason storage-mismatch',
      'rule crash-loop',
      'stage retired -> held',
      'ignored stale-view',
      'fault broker clock jump',
      'fault late commit',
    ])
      expect(MUST_HAPPEN).toContain(what);
    expect(new Set(MUST_HAPPEN).size).toBe(MUST_HAPPEN.length);
  });

  it('leaves out nothing but what the schemas have, and says why', () => {
    for (const [symbol, why] of Object.entries(OUT_OF_REACH)) {
      expect(EVENT_SYMBOLS).toContain(symbol);
      expect(why).not.toBe('');
    }
  });

  it('is missing until it was seen', () => {
    const seen = new Map(MUST_HAPPEN.map((what) => [what, 1]));
    expect(missing(seen, 1)).toEqual([]);
    seen.delete('Quarantined.cause dual-use');
    expect(missing(seen, 1)).toEqual(['Quarantined.cause dual-use']);
    seen.delete('stage retired -> quarantined');
    expect(missing(seen, 9_999)).not.toContain('stage retired -> quarantined');
    expect(missing(seen, 10_000)).toContain('stage retired -> quarantined');
  });

  it('is read off the events', () => {
    expect(symbolsOf(stepCompleted('s1', { outcome: 'not-applied' }))).toEqual([
      'StepCompleted.outcome not-applied',
    ]);
    expect(symbolsOf(quarantineRequested())).toEqual([]);
  });
});
