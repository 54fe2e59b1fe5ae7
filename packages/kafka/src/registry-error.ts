import { registryAddress } from './registry-address.ts';
import { KafkaSetupError } from './setup-error.ts';
import { detailOf } from './signal.ts';

const NETWORK = /ECONN|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EPIPE|EHOSTUNREACH|socket hang up|Timeout/i;

/**
 * The client reports a refused connection with the status 400 of a bad request, so the text is looked at first.
 * What is neither a network fault nor 5xx or 429 will not pass by itself.
 */
export function registryError(what: string, url: string, error: unknown): KafkaSetupError {
  const detail = detailOf(error);
  const address = registryAddress(url);
  const { status, name } = (error ?? {}) as { status?: number; name?: string };
  const options = { cause: error };
  if (NETWORK.test(detail) || status === 429 || (status !== undefined && status >= 500))
    return new KafkaSetupError(
      'registry-unreachable',
      `${what}: the registry at ${address} is not there (${detail}). Start it, or correct the address.`,
      options,
    );
  if (name === 'ConfluentSchemaRegistryCompatibilityError')
    return new KafkaSetupError(
      'registry-compatibility',
      `${what}: the subject is not held to FULL_TRANSITIVE (${detail}), so a later schema could make old records ` +
        'unreadable. Set its compatibility and run the deploy step again.',
      options,
    );
  if (isSetByAnother(error))
    return new KafkaSetupError(
      'registry-unreachable',
      `${what}: another deploy step sets the same subject up at this moment (${detail}). Run it again.`,
      options,
    );
  if (status === 409 || /incompatible/i.test(detail))
    return new KafkaSetupError(
      'schema-incompatible',
      `${what}: refused, since records written with another version of it could not be read (${detail}).`,
      options,
    );
  if (status === 404 || /not found|No (?:schema|content|version|artifact)/i.test(detail))
    return new KafkaSetupError(
      'schema-missing',
      `${what}: the registry at ${address} does not know it (${detail}). Register the schemas: npm run deploy:topic`,
      options,
    );
  return new KafkaSetupError(
    'registry-refused',
    `${what}: refused by the registry at ${address} (${detail})`,
    options,
  );
}

/** Two deploy steps at once: each found no compatibility and the other one's was first. Asking again finds it. */
export const isSetByAnother = (error: unknown): boolean => {
  const { status } = (error ?? {}) as { status?: number };
  return status === 409 && /already exists/i.test(detailOf(error));
};

/** The other one has made the subject and is about to hold it to something: until then it is held to nothing. */
export const isNotSetYet = (error: unknown): boolean =>
  (error as { name?: string } | null)?.name === 'ConfluentSchemaRegistryCompatibilityError' &&
  /!= NONE\)/.test(detailOf(error));
