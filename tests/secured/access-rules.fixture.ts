import kafkajs, { type AclEntry } from 'kafkajs';
import { SERVICE_NAMES } from '@profile-warden/devstack';

const { AclOperationTypes, AclPermissionTypes, AclResourceTypes, Kafka, ResourcePatternTypes } = kafkajs;

type Operation = 'CREATE' | 'DESCRIBE' | 'READ' | 'WRITE' | 'DESCRIBE_CONFIGS';

const allowed = (
  user: string,
  resource: Pick<AclEntry, 'resourceType' | 'resourceName' | 'resourcePatternType'>,
  operations: readonly Operation[],
): AclEntry[] =>
  operations.map((operation) => ({
    ...resource,
    principal: `User:${user}`,
    host: '*',
    operation: AclOperationTypes[operation],
    permissionType: AclPermissionTypes.ALLOW,
  }));

/** The table of docs/operations.md, "Secured brokers": what each may do there, and nothing else. */
export function accessRules(topic: string, cluster: string): AclEntry[] {
  const theTopic = {
    resourceType: AclResourceTypes.TOPIC,
    resourceName: topic,
    resourcePatternType: ResourcePatternTypes.LITERAL,
  };
  const beginning = (resourceType: AclResourceTypesValue, resourceName: string) => ({
    resourceType,
    resourceName,
    resourcePatternType: ResourcePatternTypes.PREFIXED,
  });
  const all = [...SERVICE_NAMES, 'worker', 'warden'];
  return [
    ...allowed('deploy', theTopic, ['CREATE', 'DESCRIBE', 'DESCRIBE_CONFIGS']),
    ...all.flatMap((user) => allowed(user, theTopic, ['READ', 'WRITE', 'DESCRIBE_CONFIGS'])),
    ...SERVICE_NAMES.flatMap((user) =>
      allowed(user, beginning(AclResourceTypes.GROUP, `${cluster}.${user}.${topic}`), ['READ']),
    ),
    ...allowed(
      'lease-authority',
      beginning(AclResourceTypes.TRANSACTIONAL_ID, `${cluster}.lease-authority.${topic}.`),
      ['WRITE'],
    ),
  ];
}

type AclResourceTypesValue = AclEntry['resourceType'];

/** Through the open listener, whose users may do everything. */
export async function allow(brokers: readonly string[], rules: AclEntry[]): Promise<void> {
  const admin = new Kafka({ brokers: [...brokers], clientId: 'rules' }).admin();
  await admin.connect();
  try {
    await admin.createAcls({ acl: rules });
  } finally {
    await admin.disconnect();
  }
}
