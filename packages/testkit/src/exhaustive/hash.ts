/** 53 bits of two mixed lanes: numbers stay exact. For counting only; what was visited is told by full keys. */
const joined = (high: number, low: number): number => (high & 0x1fffff) * 0x1_0000_0000 + (low >>> 0);

const mix = (lane: number, value: number, prime: number): number => {
  const next = Math.imul(lane ^ value, prime);
  return next ^ (next >>> 15);
};

export const hashOf = (text: string): number => {
  let [high, low] = [0x9e37_79b9, 0x7f4a_7c15];
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    high = mix(high, code, 0x85eb_ca6b);
    low = mix(low, code, 0xc2b2_ae35);
  }
  return joined(high, low);
};

/** The hash of a sequence of hashes. */
export const hashOfAll = (hashes: Iterable<number>): number => {
  let [high, low] = [0x1656_67b1, 0x27d4_eb2f];
  for (const hash of hashes) {
    const [upper, lower] = [Math.floor(hash / 0x1_0000_0000), hash | 0];
    high = mix(mix(high, upper, 0x85eb_ca6b), lower, 0xc2b2_ae35);
    low = mix(mix(low, lower, 0x27d4_eb2f), upper, 0x1656_67b1);
  }
  return joined(high, low);
};

/** The hash of hashes whose order says nothing. */
export const hashOfSet = (hashes: readonly number[]): number =>
  hashOfAll([...hashes].sort((left, right) => left - right));

/** How many different numbers there are in all lists together. */
export const countDistinct = (lists: readonly Float64Array[]): number => {
  const all = new Float64Array(lists.reduce((sum, list) => sum + list.length, 0));
  let filled = 0;
  for (const list of lists) {
    all.set(list, filled);
    filled += list.length;
  }
  all.sort();
  let count = 0;
  for (let at = 0; at < all.length; at += 1) if (at === 0 || all[at] !== all[at - 1]) count += 1;
  return count;
};
