import {
  SERVICE_NAMES,
  freePort,
  kafkaJars,
  kafkaTool,
  startServices,
  startStack,
} from '@profile-warden/devstack';
import type { ServiceName, Services, Stack } from '@profile-warden/devstack';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { grantRights } from './access-rules.fixture.ts';

export const TOPIC = 'secured-leases.v1';
export const CLUSTER = 'secured';
/** Logs in by SCRAM; the worker has tokens, all others a password that they show. */
export const SCRAM_USER = 'warden';
const PLAIN_USERS = ['deploy', ...SERVICE_NAMES] as const;
const STORE_PASSWORD = 'only-for-this-file';
/**
 * So long is a login good for. Clients log in anew 10 s before the end, so here every few seconds, in the middle of
 * their work.
 */
const LOGIN_MS = 14_000;

/** What a process needs to be this user at the secured listener. */
export type UserEnvironment = Readonly<Record<string, string>>;

export interface SecuredStack extends AsyncDisposable {
  readonly stack: Stack;
  /** `host:port` of the listener that wants TLS and a login. */
  readonly broker: string;
  /** Certificate of the broker, signed by itself, PEM. */
  readonly caFile: string;
  /** By user. */
  readonly passwords: ReadonlyMap<string, string>;
  readonly environmentOf: (user: string) => UserEnvironment;
  /** Starts one service as the user of its name. */
  readonly start: (name: ServiceName, env?: UserEnvironment) => Promise<Services>;
}

/** A broker as others run it: TLS, a login for everybody, and rights that the docs list and no more. */
export async function startSecuredStack(policy: Readonly<Record<string, unknown>>): Promise<SecuredStack> {
  const dir = await mkdtemp(join(tmpdir(), 'warden-secured-'));
  const passwords = new Map(
    [...PLAIN_USERS, SCRAM_USER].map((user) => [user, randomBytes(9).toString('hex')]),
  );
  const passwordFileOf = (user: string): string => join(dir, `${user}.password`);
  for (const [user, password] of passwords) await writeFile(passwordFileOf(user), `${password}\n`);
  const { keystore, caFile } = await makeCertificate(dir);
  const port = await freePort();
  const stack = await startStack({
    kind: 'embedded',
    secondListener: { port, advertisedPort: port },
    brokerConfig: {
      'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,SECOND:SASL_SSL,CONTROLLER:PLAINTEXT',
      ...listenerSettings(keystore, passwords),
      'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
      // Registry, controller and this fixture come in by the open listener.
      'super.users': 'User:ANONYMOUS',
    },
  });
  await grantRights(stack, TOPIC, CLUSTER);
  await addScramUser(stack, SCRAM_USER, passwords.get(SCRAM_USER) ?? '');
  const broker = `127.0.0.1:${port}`;
  const environmentOf = (user: string): UserEnvironment => ({
    WARDEN_BROKERS: broker,
    WARDEN_REGISTRY_URL: stack.registryUrl,
    WARDEN_TOPIC: TOPIC,
    WARDEN_KAFKA_TLS: 'on',
    WARDEN_KAFKA_SASL: user === SCRAM_USER ? 'scram-sha-512' : 'plain',
    WARDEN_KAFKA_USERNAME: user,
    WARDEN_KAFKA_PASSWORD_FILE: passwordFileOf(user),
    NODE_EXTRA_CA_CERTS: caFile,
  });
  const common = { topic: TOPIC, cluster: CLUSTER, policy } as const;
  await using _deployed = await startServices(stack, { ...common, names: [], env: environmentOf('deploy') });
  return {
    stack,
    broker,
    caFile,
    passwords,
    environmentOf,
    start: (name, env = {}) =>
      startServices(stack, {
        ...common,
        names: [name],
        deploy: false,
        env: { ...environmentOf(name), ...env },
      }),
    async [Symbol.asyncDispose]() {
      await stack.stop();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** By the key tool of Java, which is there where a broker is. */
async function makeCertificate(dir: string): Promise<{ keystore: string; caFile: string }> {
  const [keystore, caFile] = [join(dir, 'broker.p12'), join(dir, 'broker.pem')];
  const jars = await kafkaJars();
  const store = ['-keystore', keystore, '-storepass', STORE_PASSWORD, '-alias', 'broker'];
  const make = ['-genkeypair', '-keyalg', 'EC', '-dname', 'CN=broker', '-ext', 'SAN=ip:127.0.0.1'];
  for (const args of [
    [...make, '-validity', '2', '-storetype', 'PKCS12'],
    ['-exportcert', '-rfc', '-file', caFile],
  ]) {
    const { code, stdout } = await kafkaTool(jars, 'sun.security.tools.keytool.Main', [...args, ...store]);
    if (code !== 0) throw new Error(`no certificate: ${stdout}`);
  }
  return { keystore, caFile };
}

function listenerSettings(keystore: string, passwords: ReadonlyMap<string, string>): Record<string, string> {
  const login = 'org.apache.kafka.common.security';
  const users = PLAIN_USERS.map((user) => `user_${user}="${passwords.get(user) ?? ''}"`).join(' ');
  const settings: Record<string, string> = {
    'ssl.keystore.type': 'PKCS12',
    'ssl.keystore.location': keystore,
    'ssl.keystore.password': STORE_PASSWORD,
    'ssl.key.password': STORE_PASSWORD,
    'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-512,OAUTHBEARER',
    'plain.sasl.jaas.config': `${login}.plain.PlainLoginModule required ${users};`,
    'scram-sha-512.sasl.jaas.config': `${login}.scram.ScramLoginModule required;`,
    'oauthbearer.sasl.jaas.config': `${login}.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="broker";`,
    'connections.max.reauth.ms': String(LOGIN_MS),
  };
  return Object.fromEntries(
    Object.entries(settings).map(([name, value]) => [`listener.name.second.${name}`, value]),
  );
}

async function addScramUser({ kafkaLibsDir, brokers }: Stack, user: string, password: string): Promise<void> {
  const { code, stderr } = await kafkaTool(kafkaLibsDir, 'org.apache.kafka.tools.ConfigCommand', [
    ...['--bootstrap-server', brokers.join(), '--alter', '--entity-type', 'users', '--entity-name', user],
    ...['--add-config', `SCRAM-SHA-512=[password=${password}]`],
  ]);
  if (code !== 0) throw new Error(`no SCRAM user: ${stderr}`);
}
