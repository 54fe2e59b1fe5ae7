import { AssignerProtocol, type PartitionAssigner } from 'kafkajs';

const VERSION = 0;

/**
 * Shares of `partitionCount` partitions, at most one apart, where each member keeps what it owned as far as that
 * goes. Where two claim the same partition (one slept through a generation) the first in order has it.
 */
export function sharePartitions(
  partitionCount: number,
  members: readonly { readonly memberId: string; readonly owned: readonly number[] }[],
): Map<string, number[]> {
  const shares = new Map<string, number[]>();
  const ordered = [...members].sort((a, b) => (a.memberId < b.memberId ? -1 : 1));
  const free = new Set(Array.from({ length: partitionCount }, (_, partition) => partition));
  const least = Math.floor(partitionCount / Math.max(1, ordered.length));
  let larger = partitionCount - least * ordered.length;
  for (const { memberId, owned } of ordered) {
    const kept: number[] = [];
    for (const partition of owned) {
      if (!free.has(partition) || kept.length > least || (kept.length === least && larger === 0)) continue;
      if (kept.length === least) larger -= 1;
      kept.push(partition);
      free.delete(partition);
    }
    shares.set(memberId, kept);
  }
  const smallestFirst = (): string | undefined =>
    ordered
      .map(({ memberId }) => memberId)
      .sort((a, b) => (shares.get(a)?.length ?? 0) - (shares.get(b)?.length ?? 0))[0];
  for (const partition of free) {
    const memberId = smallestFirst();
    if (memberId !== undefined) shares.get(memberId)?.push(partition);
  }
  return shares;
}

function ownedOf(metadata: Buffer): number[] {
  try {
    const { userData } = AssignerProtocol.MemberMetadata.decode(metadata) ?? {};
    const owned: unknown = JSON.parse(userData?.toString() ?? '[]');
    return Array.isArray(owned) ? owned.filter((value): value is number => Number.isInteger(value)) : [];
  } catch {
    return [];
  }
}

/**
 * The library's own assigner orders members by a random id, so that each join moves most partitions, and each move
 * is a takeover and a restore. Here a member tells when it joins what it owns.
 */
export function stickyAssigner(topic: string, owned: () => readonly number[]): PartitionAssigner {
  const name = 'ProfileWardenSticky';
  return ({ cluster }) => ({
    name,
    version: VERSION,
    assign({ members }) {
      const shares = sharePartitions(
        cluster.findTopicPartitionMetadata(topic).length,
        members.map(({ memberId, memberMetadata }) => ({ memberId, owned: ownedOf(memberMetadata) })),
      );
      return Promise.resolve(
        [...shares].map(([memberId, partitions]) => ({
          memberId,
          memberAssignment: AssignerProtocol.MemberAssignment.encode({
            version: VERSION,
            assignment: { [topic]: partitions.sort((a, b) => a - b) },
            userData: Buffer.alloc(0),
          }),
        })),
      );
    },
    protocol: ({ topics }) => ({
      name,
      metadata: AssignerProtocol.MemberMetadata.encode({
        version: VERSION,
        topics,
        userData: Buffer.from(JSON.stringify(owned())),
      }),
    }),
  });
}
