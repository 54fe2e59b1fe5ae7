import { VirtualClock } from '@profile-warden/testkit/memory';
import { describe, expect, it } from 'vitest';
import type { KafkaConnection } from './connection.ts';
import { KafkaSetupError } from './setup-error.ts';
import { onceThere } from './start-wait.ts';

type Code = KafkaSetupError['code'];

/** Fails with these codes, one after the other, and then succeeds. */
const failing = (...codes: readonly Code[]) => {
  const left = [...codes];
  return () => {
    const code = left.shift();
    return code === undefined ? Promise.resolve('there') : Promise.reject(new KafkaSetupError(code, code));
  };
};

const waiting = () => {
  const clock = new VirtualClock();
  const stopping = new AbortController();
  const told: Code[] = [];
  const onWait = ({ code }: KafkaSetupError): void => void told.push(code);
  return { clock, stopping, told, options: { clock, signal: stopping.signal, onWait } };
};

describe('what a start needs', () => {
  it('is waited for, whoever comes later, and each reason is told once', async () => {
    const { clock, told, options } = waiting();
    const started = onceThere(
      failing('broker-unreachable', 'topic-missing', 'topic-missing', 'schema-missing', 'registry-timeout'),
      options,
    );
    await clock.advance(10_000);
    expect(await started).toBe('there');
    expect(told).toEqual(['broker-unreachable', 'topic-missing', 'schema-missing', 'registry-timeout']);
  });

  it('is not waited for where no waiting helps', async () => {
    const { told, options } = waiting();
    await expect(onceThere(failing('topic-partition-count'), options)).rejects.toMatchObject({
      code: 'topic-partition-count',
    });
    const broken = (): Promise<KafkaConnection> => Promise.reject(new TypeError('a fault of ours'));
    await expect(onceThere(broken, options)).rejects.toThrow(TypeError);
    expect(told).toEqual([]);
  });

  it('is waited for in bounds, and the last reason is the one that is thrown', async () => {
    const { clock, options } = waiting();
    const never = (): Promise<string> => Promise.reject(new KafkaSetupError('topic-missing', 'still not'));
    const started = onceThere(never, { ...options, msMax: 60_000 });
    started.catch(() => undefined);
    await clock.advance(70_000);
    await expect(started).rejects.toMatchObject({ code: 'topic-missing' });
  });

  it('is not waited for by a process that is told to stop', async () => {
    const { stopping, options, told } = waiting();
    const never = (): Promise<string> => Promise.reject(new KafkaSetupError('topic-missing', 'still not'));
    const started = onceThere(never, options);
    started.catch(() => undefined);
    await new Promise((resolve) => setImmediate(resolve));
    expect(told).toEqual(['topic-missing']);
    stopping.abort(new Error('told to stop'));
    await expect(started).rejects.toThrow('told to stop');
  });
});
