import type { KafkaConnection } from './connection.ts';
import { withAdmin } from './topic.ts';

/** Whether a consumer group whose name begins so has a member at this moment. Rejects where no broker answers. */
export const hasGroupMember = (connection: KafkaConnection, prefix: string): Promise<boolean> =>
  withAdmin(connection, async (admin) => {
    const { groups } = await admin.listGroups();
    const named = groups.map(({ groupId }) => groupId).filter((groupId) => groupId.startsWith(prefix));
    if (named.length === 0) return false;
    const described = await admin.describeGroups(named);
    return described.groups.some(({ members }) => members.length > 0);
  });
