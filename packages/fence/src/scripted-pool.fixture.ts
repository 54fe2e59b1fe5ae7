/** For the specs beside this file: a pool whose clients answer as scripted, and write down what they are asked. */
import type { FencePool, FencePoolClient, FenceResult } from './client.ts';

export const databaseError = (code: string, detail?: object): Error =>
  Object.assign(new Error(`error ${code}`), {
    code,
    ...(detail !== undefined && { detail: JSON.stringify(detail) }),
  });

export const stopped = (presentedToken = 1, knownToken = 2): Error =>
  databaseError('WD001', { reason: 'older', profileId: 'p', presentedToken, knownToken });

export interface ScriptedPool extends FencePool {
  /** Every statement, and how each client was given back. */
  readonly log: string[];
}

/** `failures`: for each attempt, the statement that fails (by its beginning) and how. */
export function scriptedPool(
  ...failures: (readonly [statement: string, error: Error] | null)[]
): ScriptedPool {
  const log: string[] = [];
  let attempt = 0;
  return {
    log,
    connect: () => {
      const failure = failures[attempt++] ?? null;
      let status = 'I';
      const client: FencePoolClient = {
        getTransactionStatus: () => status,
        release: (destroy) => void log.push(destroy === true ? 'destroy' : 'release'),
        query: (text): Promise<FenceResult> => {
          const word = text.split(' ', 2).join(' ');
          log.push(word === 'select warden.require_token($1::text,' ? 'check' : text);
          if (failure !== null && text.startsWith(failure[0])) return Promise.reject(failure[1]);
          const wasAborted = status === 'E';
          if (text.startsWith('begin')) status = 'T';
          if (text === 'commit' || text === 'rollback') status = 'I';
          return Promise.resolve({
            rows: [],
            command: text === 'commit' && wasAborted ? 'ROLLBACK' : text.toUpperCase(),
          });
        },
      };
      return Promise.resolve(client);
    },
  };
}
