import {
  authorityPays,
  beat,
  granted,
  inReview,
  logOf,
  on,
  quarantineRequested,
  registered,
  request,
  withPolicy,
} from '@profile-warden/testkit/spec';
import type { PartitionLog } from '@profile-warden/testkit/spec';
import { describe, expect, it } from 'vitest';
import { printable } from '../format/printable.ts';
import { profileLines } from './profile-text.ts';
import { profileView } from './profile-view.ts';

const textOf = (log: PartitionLog): string =>
  profileLines(profileView(log.state, log.profile()), { verdict: 'not-configured' }).join('\n');

describe('a profile as it is shown', () => {
  it('has its holder, and nothing to do while it is held', () => {
    const text = textOf(logOf(granted(), beat()));
    expect(text).toMatch(/stage +held/);
    expect(text).toContain('worker w1 (i1) on host h1, task t1, intent fresh');
    expect(text).toContain('nothing: its holder has it');
  });

  it('in review has rule, open step and the command that ends it', () => {
    const text = textOf(inReview());
    expect(text).toContain('manual-review: rule sensitive-open, cause heartbeat-stopped');
    expect(text).toContain('pay (pay the order, sensitive) of token 1');
    expect(text).toContain('review resolve p1 --token 1 --round 1 --based-on');
    expect(text).toContain('a correct holder has stopped by now');
  });

  it('in quarantine names the fence that is not confirmed, and who asked', () => {
    const text = textOf(
      logOf(withPolicy({ fenceTargets: ['accounts'] }), granted(), quarantineRequested(1), authorityPays),
    );
    expect(text).toContain('the projector must confirm the fence at accounts');
    expect(text).toContain('olga asked for quarantine');
  });

  it('has its waiting requests with the time left', () => {
    const log = logOf(granted(), request('r2', { workerId: 'w2', incarnation: 'i2', waitMs: 60_000 }));
    log.elapse(20_000);
    expect(textOf(log)).toContain('r2 of worker w2 on h1, task t1, intent fresh');
    expect(textOf(log)).toContain('40.0 s left');
  });

  it('that is only registered was never leased', () => {
    const log = logOf(on('p1', registered({ tenant: 'acme', sharedStorage: true })));
    expect(textOf(log)).toContain('tenant acme, shared storage, by ops');
    expect(textOf(log)).toMatch(/token +none yet/);
  });
});

describe('a line for the terminal', () => {
  it('has no control character that came from a worker', () => {
    expect(printable('a\u001b[2Jb\u202e\u009b')).toBe(String.raw`a\u001b[2Jb\u202e\u009b`);
  });
});
