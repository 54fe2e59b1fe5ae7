import { isAuthorityEvent } from '@profile-warden/events';
import { SchemaRegistryClient, WriterSchemas, readPartition } from '@profile-warden/kafka';
import type { LoadTarget } from './steady-load.ts';

export interface LogAudit {
  /** Decisions of an authority that another one's barrier had ended. */
  readonly staleDecisionCount: number;
  readonly requestCount: number;
  /** Requests without exactly one answer. */
  readonly wrongAnswerCount: number;
  /** Grants of a token that was granted before. */
  readonly doubleGrantCount: number;
}

/** Reads the whole topic and counts what must not be in it. */
export const auditLog = async (target: LoadTarget): Promise<LogAudit> => {
  const registry = new SchemaRegistryClient({ url: target.registryUrl, clientId: 'audit' });
  const schemas = new WriterSchemas(await registry.schemaIds(), registry);
  const answers = new Map<string, number>();
  const grants = new Set<string>();
  let staleDecisionCount = 0;
  let doubleGrantCount = 0;
  for (let partition = 0; partition < target.partitionCount; partition += 1) {
    let epoch = -1;
    await readPartition({
      connection: { brokers: target.brokers, clientId: 'audit' },
      topic: target.topic,
      partitionCount: target.partitionCount,
      schemas,
      partition,
      onRecord: ({ event, offset, profileId }) => {
        if (event.type === 'AuthorityEpochStarted') epoch = offset;
        else if (isAuthorityEvent(event.type) && 'epoch' in event && event.epoch !== epoch)
          staleDecisionCount += 1;
        if (event.type === 'LeaseRequested') answers.set(event.requestId, answers.get(event.requestId) ?? 0);
        if (event.type === 'LeaseGranted' || event.type === 'LeaseDenied')
          answers.set(event.requestId, (answers.get(event.requestId) ?? 0) + 1);
        if (event.type !== 'LeaseGranted') return;
        const grant = `${profileId ?? ''}/${event.token}`;
        if (grants.has(grant)) doubleGrantCount += 1;
        grants.add(grant);
      },
    });
  }
  registry.close();
  return {
    staleDecisionCount,
    requestCount: answers.size,
    wrongAnswerCount: [...answers.values()].filter((count) => count !== 1).length,
    doubleGrantCount,
  };
};
