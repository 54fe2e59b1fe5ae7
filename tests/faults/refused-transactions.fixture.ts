import type { KafkaProxy } from '@profile-warden/testkit/proxy';

const CONCURRENT_TRANSACTIONS = 51;

/**
 * Watches the writers with transactional ids `PREFIX.PARTITION` begin their transactions: the ms that one waits each
 * time that it is told to come again, because the markers of its last transaction are still being written. Ends when
 * the proxy is healed.
 */
export const refusalWaits = (proxy: KafkaProxy, prefix: string): readonly number[] => {
  const waits: number[] = [];
  /** By partition, when its writer was told so. */
  const refusedMs = new Map<number, number>();
  const watch = (way: 'request' | 'response', look: (frame: Buffer) => void): void => {
    const when = (frame: Buffer): boolean => {
      look(frame);
      return false;
    };
    proxy.set({ apis: ['AddPartitionsToTxn'], way, fate: { kind: 'delay', ms: 0 }, when });
  };
  watch('request', (frame) => {
    for (const [partition, since] of refusedMs) {
      if (!frame.includes(`${prefix}.${partition}`)) continue;
      waits.push(performance.now() - since);
      refusedMs.delete(partition);
    }
  });
  // An answer about one partition ends with its number and the error.
  watch('response', (frame) => {
    if (frame.readInt16BE(frame.length - 2) === CONCURRENT_TRANSACTIONS)
      refusedMs.set(frame.readInt32BE(frame.length - 6), performance.now());
  });
  return waits;
};
