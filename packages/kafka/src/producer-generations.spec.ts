import type { Producer } from 'kafkajs';
import { describe, expect, it } from 'vitest';
import { ProducerGenerations, type Generation } from './producer-generations.ts';

/** Each producer is known by its number, and how many have been disconnected. */
const generations = () => {
  let count = 0;
  const gone: number[] = [];
  const producers = new ProducerGenerations(() => {
    const number = count;
    count += 1;
    return Promise.resolve({
      disconnect: () => Promise.resolve(void gone.push(number)),
    } as unknown as Producer);
  });
  const numbers = (...partitions: readonly number[]): readonly number[] =>
    partitions.map((partition) => producers.of(partition).number);
  const used = async (generation: Generation): Promise<Generation> => {
    await generation.connected();
    return generation;
  };
  return { producers, numbers, used, gone };
};

describe('which producer a partition is written with', () => {
  it('is another one behind a failed send, and for the others the one that they had', () => {
    const { producers, numbers } = generations();
    expect(producers.failed(producers.of(1), [1])).toBe(true);
    expect(numbers(0, 1, 2)).toEqual([0, 1, 0]);
    expect(producers.failed(producers.of(1), [1])).toBe(true);
    expect(numbers(0, 1, 2)).toEqual([0, 2, 0]);
  });

  it('is that of all again once it has worked', () => {
    const { producers, numbers } = generations();
    producers.failed(producers.of(1), [1]);
    producers.succeeded(producers.of(1));
    expect(numbers(0, 1)).toEqual([1, 1]);
    producers.failed(producers.of(0), [0]);
    expect(numbers(0, 1)).toEqual([2, 1]);
  });

  it('is one and the same for two that fail at different times', () => {
    const { producers, numbers } = generations();
    const first = producers.of(0);
    expect(producers.failed(first, [0])).toBe(true);
    expect(producers.failed(first, [1])).toBe(false);
    expect(numbers(0, 1, 2)).toEqual([1, 1, 0]);
  });

  it('is never one with which a send to it has failed, in whatever order sends end', () => {
    // A seed of its own: the same walk each time.
    let seed = 7;
    const below = (bound: number): number => {
      seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
      return Math.floor((seed / 2 ** 31) * bound);
    };
    for (let round = 0; round < 200; round += 1) {
      const { producers } = generations();
      const failed = new Set<string>();
      const flights = new Map<number, Generation>();
      for (let step = 0; step < 60; step += 1) {
        const partition = below(4);
        const flight = flights.get(partition);
        if (flight === undefined) {
          const generation = producers.of(partition);
          expect(failed).not.toContain(`${partition} ${generation.number}`);
          flights.set(partition, generation);
          continue;
        }
        flights.delete(partition);
        if (below(2) === 0) producers.succeeded(flight);
        else {
          failed.add(`${partition} ${flight.number}`);
          producers.failed(flight, [partition]);
        }
      }
    }
  });

  it('ends with its last send where nobody has it any more', async () => {
    const { producers, used, gone } = generations();
    const first = await used(producers.of(0));
    first.useCount = 1;
    producers.failed(first, [1]);
    const second = await used(producers.of(1));
    producers.succeeded(second);
    producers.retire();
    expect(gone).toEqual([]);
    first.useCount = 0;
    producers.retire();
    await expect.poll(() => gone).toEqual([0]);
    await producers.close();
    expect(gone).toEqual([0, 1]);
  });
});
