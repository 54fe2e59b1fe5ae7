/** Value below which the share `q` of the sorted figures lies. */
export const quantile = (sorted: readonly number[], q: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? NaN;

export const rounded = (value: number, digits = 2): number => Number(value.toFixed(digits));

export interface Latencies {
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export const latencies = (samples: readonly number[]): Latencies => {
  const sorted = [...samples].sort((left, right) => left - right);
  return { p50Ms: rounded(quantile(sorted, 0.5)), p99Ms: rounded(quantile(sorted, 0.99)) };
};
