import { describe, expect, it } from 'vitest';
import { startBench } from './authority.fixture.ts';
import { LeaseLostError, NotApplied } from './errors.ts';
import { settle } from './memory-log.fixture.ts';
import type { StepOptions } from './step-options.ts';

const click: StepOptions = { kind: 'side-effect' };
const look: StepOptions = { kind: 'read' };
const is =
  (type: string) =>
  (event: { type: string }): boolean =>
    event.type === type;

describe('a step that changes something', () => {
  it.each(['side-effect', 'sensitive', 'await-human'] as const)(
    'of kind %s acts only after its start was read back',
    async (kind) => {
      const { log, lease } = await startBench();
      const held = await lease();
      let acted = 0;
      log.hold();
      const done = held.step('send', { kind }, () => (acted += 1));
      await settle();
      expect(log.of('StepStarted')).toMatchObject([
        { token: 1, stepId: '1-1', name: 'send', kind, repeatable: false },
      ]);
      expect(acted).toBe(0);
      log.letGo();
      expect(await done).toBe(1);
      expect(log.of('StepCompleted')).toMatchObject([
        { token: 1, stepId: '1-1', outcome: 'ok', checkpoint: null },
      ]);
    },
  );

  it('does not act when its start is read back behind a quarantine', async () => {
    const { log, authority, lease } = await startBench();
    const held = await lease();
    log.hold();
    authority.quarantine('p1', 1);
    let acted = false;
    const done = held.step('send', click, () => (acted = true)).catch((e: unknown) => e);
    await settle();
    log.letGo();
    expect(await done).toBeInstanceOf(LeaseLostError);
    expect(acted).toBe(false);
    expect(log.of('StepCompleted')).toEqual([]);
  });

  it('does not act when the deadline passed while it waited, but does once the lease is active again', async () => {
    const { log, clock, lease } = await startBench();
    const held = await lease();
    log.hold();
    let acted = false;
    const done = held.step('send', click, () => (acted = true));
    await settle();
    clock.freeze(600_000);
    log.letGo();
    await settle();
    expect(acted).toBe(false);
    await clock.advance(1_000);
    await done;
    expect(acted).toBe(true);
  });

  it('is recorded as not applied when it had to be given up after it was announced', async () => {
    const { log, clock, lease } = await startBench();
    const held = await lease();
    log.hold();
    const done = held.step('send', { ...click, whenPaused: 'reject' }, () => 1).catch((e: unknown) => e);
    await settle();
    clock.freeze(600_000);
    log.letGo();
    expect(await done).toMatchObject({ code: 'lease-paused', kind: 'paused' });
    await settle();
    expect(log.of('StepCompleted')).toMatchObject([{ stepId: '1-1', outcome: 'not-applied' }]);
  });
});

describe('a step that changes nothing for good', () => {
  it.each(['read', 'reversible'] as const)(
    'of kind %s does not wait for its start to come back',
    async (kind) => {
      const { log, lease } = await startBench();
      const held = await lease();
      log.hold();
      expect(await held.step('look', { kind }, () => 'seen')).toBe('seen');
      expect(log.of('StepStarted')).toMatchObject([{ repeatable: kind === 'read', final: false }]);
    },
  );
});

describe('a step whose start may not have been written', () => {
  it.each(['lost', 'written-but-unknown'] as const)('does not act (%s), and is settled', async (fault) => {
    const { log, lease } = await startBench();
    const held = await lease();
    log.fail(fault, is('StepStarted'));
    let acted = false;
    const done = held.step('send', click, () => (acted = true));
    await expect(done).rejects.toMatchObject({ code: 'step-not-started', kind: 'retryable' });
    expect(acted).toBe(false);
    await settle();
    expect(log.of('StepCompleted')).toMatchObject([{ stepId: '1-1', outcome: 'not-applied' }]);
  });
});

describe('a step on a paused lease', () => {
  it('waits for the lease to be active again', async () => {
    const { log, clock, lease } = await startBench();
    const held = await lease();
    clock.freeze(600_000);
    const done = held.step('look', look, () => 'seen');
    await settle();
    expect(log.of('StepStarted')).toEqual([]);
    await clock.advance(1_000);
    expect(await done).toBe('seen');
  });

  it('rejects where it was told to', async () => {
    const { clock, lease, log } = await startBench();
    const held = await lease();
    clock.freeze(600_000);
    const done = held.step('look', { ...look, whenPaused: 'reject' }, () => 'seen');
    await expect(done).rejects.toMatchObject({ code: 'lease-paused' });
    expect(log.of('StepStarted')).toEqual([]);
  });

  it('rejects when the lease is lost meanwhile', async () => {
    const { clock, lease, log } = await startBench();
    const held = await lease();
    log.fail('lost', is('Heartbeat'));
    clock.freeze(600_000);
    const done = held.step('look', look, () => 'seen').catch((e: unknown) => e);
    await clock.advance(601_000);
    expect(await done).toMatchObject({ code: 'lease-lost', lossCause: 'pause-exceeded' });
  });
});

describe('an action that throws', () => {
  const boom = new Error('boom');

  it.each([
    ['side-effect', boom, 'unknown'],
    ['sensitive', boom, 'unknown'],
    ['await-human', boom, 'unknown'],
    ['reversible', boom, 'unknown'],
    ['read', boom, 'not-applied'],
    ['side-effect', new NotApplied(), 'not-applied'],
    ['sensitive', new NotApplied('no such button'), 'not-applied'],
  ] as const)('in a %s step (%s) leaves the outcome %s and is passed on', async (kind, error, outcome) => {
    const { log, lease } = await startBench();
    const held = await lease();
    const options: StepOptions = { kind, checkpoint: { name: 'c', stored: 'server' } };
    await expect(held.step('do', options, () => Promise.reject(error))).rejects.toBe(error);
    expect(log.of('StepCompleted')).toMatchObject([{ outcome, checkpoint: null }]);
  });

  it('after the lease was lost is the cause of that error', async () => {
    const { log, authority, lease } = await startBench();
    const held = await lease();
    const done = held.step('do', click, ({ signal }) => {
      authority.quarantine('p1', 1);
      return new Promise((_, reject) => signal.addEventListener('abort', () => reject(boom)));
    });
    await expect(done).rejects.toMatchObject({ code: 'lease-lost', cause: boom });
    expect(log.of('StepCompleted')).toEqual([]);
  });
});

describe('an action that ends', () => {
  it('after the lease was lost does not look like a success', async () => {
    const { authority, lease } = await startBench();
    const held = await lease();
    const done = held.step('do', click, async () => {
      authority.quarantine('p1', 1);
      await settle();
    });
    await expect(done).rejects.toMatchObject({ code: 'lease-lost', kind: 'terminal' });
    await expect(held.step('more', look, () => 1)).rejects.toBeInstanceOf(LeaseLostError);
  });

  it('is recorded after a broker outage, under one id', async () => {
    const { log, clock, lease } = await startBench();
    const held = await lease();
    log.fail('written-but-unknown', is('StepCompleted'), 2);
    const done = held.step('do', click, () => 'done');
    await clock.advance(2_000);
    expect(await done).toBe('done');
    const ids = log.records.filter(({ event }) => event.type === 'StepCompleted').map(({ id }) => id);
    expect(ids).toHaveLength(3);
    expect(new Set(ids).size).toBe(1);
  });

  it('is an error when it could not be recorded for pauseMaxMs', async () => {
    const { log, clock, lease, notices } = await startBench({ pauseMaxMs: 20_000 });
    const held = await lease();
    log.fail('lost', is('StepCompleted'));
    const done = held.step('do', click, () => 'done').catch((e: unknown) => e);
    await clock.advance(30_000);
    expect(await done).toMatchObject({ code: 'step-unrecorded', kind: 'terminal' });
    expect(notices.at(-1)).toMatchObject({ type: 'step-unrecorded', stepId: '1-1' });
  });
});

describe('what a step says', () => {
  const sha256 = 'a'.repeat(64);

  it('is redacted before it is sent', async () => {
    const { log, lease } = await startBench({ secretUrlPaths: [/\/reset\/[^/]+/] });
    const held = await lease('p1', { proxyId: 'px' });
    const url = 'https://u:p@shop.example/reset/abc?session=1#f';
    await held.step(
      'look',
      { ...look, url, screenshot: { uri: 's3://b/k.png?sig=1', sha256 } },
      ({ note }) => {
        note({ url: 'https://shop.example/done?x=1' });
      },
    );
    expect(log.of('StepStarted')).toMatchObject([
      { url: 'https://shop.example*', proxyId: 'px', screenshot: { uri: 's3://b/k.png', sha256 } },
    ]);
    expect(log.of('StepCompleted')).toMatchObject([{ url: 'https://shop.example/done', screenshot: null }]);
  });

  it('may be a checkpoint of its own', async () => {
    const { log, lease } = await startBench();
    const held = await lease();
    await held.checkpoint('cart-filled', { stored: 'profile' });
    expect(log.of('StepStarted')).toMatchObject([{ kind: 'read', name: 'cart-filled' }]);
    expect(log.of('StepCompleted')).toMatchObject([
      { outcome: 'ok', checkpoint: { name: 'cart-filled', stored: 'profile' } },
    ]);
  });

  it('carries its checkpoint when it ended ok', async () => {
    const { log, lease } = await startBench();
    const held = await lease();
    await held.step(
      'pay',
      { kind: 'sensitive', final: true, checkpoint: { name: 'paid', stored: 'server' } },
      () => 1,
    );
    expect(log.of('StepStarted')).toMatchObject([{ final: true }]);
    expect(log.of('StepCompleted')).toMatchObject([{ checkpoint: { name: 'paid', stored: 'server' } }]);
  });

  it.each([
    ['kind', {} as StepOptions],
    ['proxyId', { ...look, proxyId: 'x'.repeat(129) }],
    ['screenshot.sha256', { ...look, screenshot: { uri: 'x', sha256: 'A' } }],
    ['checkpoint.name', { ...look, checkpoint: { name: '', stored: 'server' } }],
  ] as const)('is refused where %s is wrong, and nothing is sent', async (field, options) => {
    const { log, lease } = await startBench();
    const held = await lease();
    await expect(held.step('look', options, () => 1)).rejects.toMatchObject({ code: 'invalid-input', field });
    expect(log.of('StepStarted')).toEqual([]);
  });

  it('is refused where the lease does not cover it', async () => {
    const { lease } = await startBench();
    const inspect = await lease('p1', { intent: 'inspect' });
    const readOnly = await lease('p22', { readOnly: true });
    await expect(inspect.step('a', { kind: 'reversible' }, () => 1)).rejects.toMatchObject({
      code: 'step-not-allowed',
    });
    await expect(readOnly.step('a', click, () => 1)).rejects.toMatchObject({ code: 'step-not-allowed' });
    expect(await readOnly.step('a', { kind: 'reversible' }, () => 1)).toBe(1);
  });
});

describe('steps side by side', () => {
  it('are at most sixteen', async () => {
    const { lease } = await startBench();
    const held = await lease();
    const release = Promise.withResolvers<undefined>();
    const running = Array.from({ length: 16 }, () => held.step('wait', look, () => release.promise));
    await expect(held.step('one more', look, () => 1)).rejects.toMatchObject({ code: 'too-many-steps' });
    release.resolve(undefined);
    await Promise.all(running);
    expect(await held.step('now', look, () => 1)).toBe(1);
  });
});
