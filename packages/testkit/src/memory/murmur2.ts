const SEED = 0x9747b28c;
const FACTOR = 0x5bd1e995;

const mixed = (word: number): number => {
  const product = Math.imul(word, FACTOR);
  return Math.imul(product ^ (product >>> 24), FACTOR);
};

/** The hash by which Kafka's clients choose a key's partition: 32 bits, signed. */
export const murmur2 = (key: string): number => {
  const bytes = Buffer.from(key, 'utf8');
  const whole = bytes.length - (bytes.length % 4);
  let hash = SEED ^ bytes.length;
  for (let at = 0; at < whole; at += 4) hash = Math.imul(hash, FACTOR) ^ mixed(bytes.readInt32LE(at));
  if (whole < bytes.length) {
    for (let at = whole; at < bytes.length; at += 1) hash ^= (bytes[at] ?? 0) << (8 * (at - whole));
    hash = Math.imul(hash, FACTOR);
  }
  hash = Math.imul(hash ^ (hash >>> 13), FACTOR);
  return hash ^ (hash >>> 15);
};
