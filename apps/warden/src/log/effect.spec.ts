import { emptyPartition, foldRecord } from '@profile-warden/domain';
import { granted, logOf, quarantineRequested } from '@profile-warden/testkit/spec';
import type { LogRecord, NewEvent } from '@profile-warden/events';
import { describe, expect, it } from 'vitest';
import { appendAndWatch, assertEffective } from './effect.ts';
import type { PartitionFold, WardenLog } from './warden-log.ts';

const event: NewEvent = { id: 'mine', profileId: 'p1', event: quarantineRequested(1) };

const folded = (): PartitionFold => {
  const { records } = logOf(granted());
  const state = emptyPartition(0);
  for (const record of records) foldRecord(state, record);
  return { state, range: { start: 0, end: state.nextOffset }, nextOffset: state.nextOffset };
};

/** A log in which `others` slip in before what is appended. */
const logWith = (others: readonly NewEvent[], isRead = true): Pick<WardenLog, 'append' | 'foldTo'> => {
  let appended: readonly NewEvent[] = [];
  return {
    append(events) {
      appended = [...others, ...events];
      return Promise.resolve([100]);
    },
    foldTo(fold, _offset, { onFolded }) {
      if (!isRead) return Promise.reject(new Error('no progress'));
      for (const { id, profileId, event: body } of appended) {
        const record: LogRecord = {
          partition: 0,
          offset: fold.state.nextOffset,
          brokerMs: 0,
          profileId,
          id,
          event: body,
        };
        onFolded(foldRecord(fold.state, record));
      }
      return Promise.resolve();
    },
  };
};

describe('what a person has appended', () => {
  it('is told as effective once it is folded', async () => {
    const step = await appendAndWatch(logWith([]), folded(), event);
    expect(step.folded).toBe('applied');
    expect(() => assertEffective('it', step)).not.toThrow();
  });

  it('is told as refused where another was first', async () => {
    const step = await appendAndWatch(logWith([{ ...event, id: 'other' }]), folded(), event);
    expect(step.record.id).toBe('mine');
    expect(() => assertEffective('it', step)).toThrow(
      expect.objectContaining({ code: 'duplicate', exitCode: 3 }),
    );
  });

  it('is told as unknown where it is not read back', async () => {
    await expect(appendAndWatch(logWith([], false), folded(), event)).rejects.toMatchObject({
      code: 'effect-not-seen',
      exitCode: 1,
      message: expect.stringContaining('offset 100') as string,
    });
  });
});
