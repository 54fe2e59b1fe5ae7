import { SERVICE_NAMES, kafkaTool, type Stack } from '@profile-warden/devstack';

interface Rule {
  readonly users: readonly string[];
  readonly on: readonly string[];
  readonly operations: readonly ('Create' | 'Describe' | 'DescribeConfigs' | 'Read' | 'Write')[];
}

/** The table of docs/operations.md, "Secured brokers": what each may do there, and nothing else. */
const rulesOf = (topic: string, cluster: string): readonly Rule[] => {
  const theTopic = ['--topic', topic];
  const beginning = (option: string, name: string): string[] => [
    option,
    name,
    '--resource-pattern-type',
    'prefixed',
  ];
  return [
    { users: ['deploy'], on: theTopic, operations: ['Create', 'Describe', 'DescribeConfigs'] },
    {
      users: [...SERVICE_NAMES, 'worker', 'warden'],
      on: theTopic,
      operations: ['Read', 'Write', 'DescribeConfigs'],
    },
    ...SERVICE_NAMES.map((user): Rule => ({
      users: [user],
      on: beginning('--group', `${cluster}.${user}.${topic}`),
      operations: ['Read'],
    })),
    {
      users: ['lease-authority'],
      on: beginning('--transactional-id', `${cluster}.lease-authority.${topic}.`),
      operations: ['Write'],
    },
  ];
};

/** By Kafka's own tool, through the open listener, whose users may do everything. */
export async function grantRights(stack: Stack, topic: string, cluster: string): Promise<void> {
  for (const { users, on, operations } of rulesOf(topic, cluster)) {
    const { code, stdout, stderr } = await kafkaTool(
      stack.kafkaLibsDir,
      'org.apache.kafka.tools.AclCommand',
      [
        ...['--bootstrap-server', stack.brokers.join(), '--add', '--force', ...on],
        ...users.flatMap((user) => ['--allow-principal', `User:${user}`]),
        ...operations.flatMap((operation) => ['--operation', operation]),
      ],
    );
    if (code !== 0) throw new Error(`no right on ${on.join(' ')}: ${stdout}${stderr}`);
  }
}
