import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import type { KafkaConnection } from './connection.ts';
import { detailOf } from './signal.ts';

/** How clients are encrypted and logged in. */
export type KafkaSecurity = Pick<KafkaConnection, 'ssl' | 'sasl'>;

export interface SecurityReading {
  readonly security: KafkaSecurity;
  /** What is wrong, a sentence each, never with a password in it. Empty where the security can be used. */
  readonly problems: readonly string[];
}

type Env = Readonly<Record<string, string | undefined>>;

const MECHANISMS = ['plain', 'scram-sha-256', 'scram-sha-512'] as const;

/**
 * Reads from the environment how to reach secured brokers:
 *
 *   WARDEN_KAFKA_TLS             on or off; default off
 *   WARDEN_KAFKA_CERT_FILE       client certificate and its chain, PEM; with the next one, needs TLS
 *   WARDEN_KAFKA_KEY_FILE        private key of the certificate, PEM
 *   WARDEN_KAFKA_SASL            plain, scram-sha-256 or scram-sha-512; default none
 *   WARDEN_KAFKA_USERNAME        needs a mechanism
 *   WARDEN_KAFKA_PASSWORD_FILE   file with the password; a line break at its end does not count
 *   WARDEN_KAFKA_PASSWORD        the password itself, where there is no file
 *
 * An empty variable counts as not set. Brokers are checked against the authorities of Node and NODE_EXTRA_CA_CERTS.
 */
export function readSecurity(env: Env): SecurityReading {
  const problems: string[] = [];
  const tls = readTls(env, problems);
  const sasl = readSasl(env, problems);
  return {
    security: { ...(tls === null ? {} : { ssl: tls }), ...(sasl === null ? {} : { sasl }) },
    problems,
  };
}

function readTls(env: Env, problems: string[]): NonNullable<KafkaConnection['ssl']> | null {
  const wanted = given(env, 'WARDEN_KAFKA_TLS') ?? 'off';
  if (wanted !== 'on' && wanted !== 'off')
    problems.push(`WARDEN_KAFKA_TLS is ${JSON.stringify(wanted)}: it must be on or off`);
  const files = ['WARDEN_KAFKA_CERT_FILE', 'WARDEN_KAFKA_KEY_FILE'] as const;
  const set = files.filter((name) => given(env, name) !== undefined);
  if (wanted === 'off' && set.length > 0) problems.push(`${set.join(' and ')} need WARDEN_KAFKA_TLS=on`);
  if (set.length === 1)
    problems.push(
      `WARDEN_KAFKA_CERT_FILE and WARDEN_KAFKA_KEY_FILE belong together: only ${String(set[0])} is set`,
    );
  if (wanted !== 'on') return null;
  if (set.length === 0) return true;
  const [cert, key] = files.map((name) => contentOf(name, env, problems));
  if (cert === undefined || key === undefined) return true;
  try {
    createSecureContext({ cert, key });
  } catch (error) {
    problems.push(
      `WARDEN_KAFKA_CERT_FILE and WARDEN_KAFKA_KEY_FILE must be a certificate and its key, PEM: ${detailOf(error)}`,
    );
  }
  return { cert, key };
}

function readSasl(env: Env, problems: string[]): NonNullable<KafkaConnection['sasl']> | null {
  const wanted = given(env, 'WARDEN_KAFKA_SASL');
  const names = ['WARDEN_KAFKA_USERNAME', 'WARDEN_KAFKA_PASSWORD', 'WARDEN_KAFKA_PASSWORD_FILE'] as const;
  const set = names.filter((name) => given(env, name) !== undefined);
  if (wanted === undefined) {
    if (set.length > 0)
      problems.push(`${set.join(' and ')} need WARDEN_KAFKA_SASL: ${MECHANISMS.join(', ')}`);
    return null;
  }
  const mechanism = MECHANISMS.find((one) => one === wanted.toLowerCase());
  if (mechanism === undefined)
    problems.push(
      `WARDEN_KAFKA_SASL is ${JSON.stringify(wanted)}: it must be one of ${MECHANISMS.join(', ')}`,
    );
  const username = given(env, 'WARDEN_KAFKA_USERNAME');
  if (username === undefined) problems.push('WARDEN_KAFKA_USERNAME is not set: WARDEN_KAFKA_SASL needs it');
  const password = readPassword(env, problems);
  if (mechanism === undefined || username === undefined || password === undefined) return null;
  // A switch for the compiler: the library's type is a union over the mechanisms.
  switch (mechanism) {
    case 'plain':
      return { mechanism, username, password };
    case 'scram-sha-256':
      return { mechanism, username, password };
    case 'scram-sha-512':
      return { mechanism, username, password };
  }
}

function readPassword(env: Env, problems: string[]): string | undefined {
  const direct = given(env, 'WARDEN_KAFKA_PASSWORD');
  const isInFile = given(env, 'WARDEN_KAFKA_PASSWORD_FILE') !== undefined;
  if (direct !== undefined && isInFile)
    problems.push('WARDEN_KAFKA_PASSWORD and WARDEN_KAFKA_PASSWORD_FILE are both set: only one may be');
  else if (direct === undefined && !isInFile)
    problems.push('WARDEN_KAFKA_PASSWORD_FILE is not set: WARDEN_KAFKA_SASL needs it');
  if (!isInFile) return direct;
  const password = contentOf('WARDEN_KAFKA_PASSWORD_FILE', env, problems)?.replace(/\r?\n$/, '');
  if (password === '') problems.push('WARDEN_KAFKA_PASSWORD_FILE names an empty file');
  return password;
}

const given = (env: Env, name: string): string | undefined => {
  const value = env[name];
  return value === '' ? undefined : value;
};

function contentOf(name: string, env: Env, problems: string[]): string | undefined {
  const path = given(env, name);
  if (path === undefined) return undefined;
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    problems.push(
      `${name} is ${JSON.stringify(path)}, which cannot be read: ${(error as NodeJS.ErrnoException).code ?? String(error)}`,
    );
    return undefined;
  }
}
