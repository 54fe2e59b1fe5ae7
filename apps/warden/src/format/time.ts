/** Log time as a count: 90061005 is `25:01:01.005`. */
export const logTime = (ms: number): string => {
  const seconds = Math.floor(ms / 1_000);
  const two = (value: number): string => String(value).padStart(2, '0');
  const head = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60, seconds % 60].map(two).join(':');
  return `${head}.${String(ms % 1_000).padStart(3, '0')}`;
};

/** A span in the unit a person thinks in. */
export const span = (ms: number): string => {
  if (ms < 1_000) return `${ms} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`;
  if (ms < 3_600_000) return `${Math.floor(ms / 60_000)} min ${Math.floor((ms % 60_000) / 1_000)} s`;
  const hours = Math.floor(ms / 3_600_000);
  return hours < 48
    ? `${hours} h ${Math.floor((ms % 3_600_000) / 60_000)} min`
    : `${Math.floor(hours / 24)} d ${hours % 24} h`;
};

/** Broker time, UTC. */
export const utc = (brokerMs: number): string =>
  Number.isFinite(brokerMs) && Math.abs(brokerMs) <= 8.64e15 ? new Date(brokerMs).toISOString() : 'unknown';
