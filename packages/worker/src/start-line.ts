import { Worker as Thread } from 'node:worker_threads';
import type { EventType } from '@profile-warden/events';
import type { OnSignal } from '@profile-warden/kafka';
import { AwakeMark } from './awake-mark.ts';
import { WorkerError, detailOf } from './errors.ts';
import type { LineOrder, LineSettings, LineWord } from './line-messages.ts';
import { tokenSource } from './log-options.ts';
import type { LogSettings } from './log-options.ts';
import { scanEveryMs } from './review-timer.ts';
import { ThreadLine } from './thread-line.ts';
import type { WorkerLine } from './worker-line.ts';
import type { WorkerSettings } from './worker-options.ts';

/** As source in the workspace, as JavaScript in a tarball. */
const ENTRY = new URL(
  import.meta.url.endsWith('.ts') ? './line-thread.ts' : './line-thread.js',
  import.meta.url,
);

/**
 * Nearly all that the thread makes is gone after the send or the fetch that it was for. Left alone V8 would let that
 * garbage grow to tens of MB before it looks. With much less than this, the heartbeats of a thousand leases outlive two
 * looks while they are on their way, and lie among what is kept until the next full collection.
 */
const YOUNG_MB_MAX = 16;

export interface StartedLine {
  readonly line: WorkerLine;
  /** To be called whenever the timer of the caller's thread has fired. */
  readonly awake: (now: number) => void;
}

export interface LineStart {
  readonly log: LogSettings;
  readonly schemaIds: ReadonlyMap<EventType, number>;
  readonly settings: WorkerSettings;
  readonly incarnation: string;
  readonly onSignal: OnSignal | undefined;
}

/**
 * Starts the thread that has the line. It goes on while the caller's thread is blocked: heartbeats are sent and read
 * back, and tell how long the caller's thread has been silent.
 */
export async function startThreadLine(start: LineStart): Promise<StartedLine> {
  const { partitionCount } = start.log;
  const memory = AwakeMark.memory();
  const mark = new AwakeMark(memory);
  const thread = new Thread(ENTRY, {
    workerData: threadSettings(start, memory),
    name: 'warden-line',
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB_MAX },
  });
  const post = (order: LineOrder): void => thread.postMessage(order);
  const line = new ThreadLine(partitionCount, { post, end: () => thread.terminate() });
  const opened = Promise.withResolvers<undefined>();
  thread.on('message', (word: LineWord) => {
    if (word.say === 'opened') opened.resolve(undefined);
    else if (word.say === 'token-wanted') void giveToken(start, post);
    else if (!isTold(word, start)) line.take(word);
  });
  const gone = (error: Error): void => {
    opened.reject(error);
    if (line.break(error)) start.settings.notice({ type: 'log-unreadable', detail: error.message });
  };
  thread.once('error', (error) => gone(new Error(`the thread of the line failed: ${detailOf(error)}`)));
  thread.once('exit', () => gone(new Error('the thread of the line has ended')));
  try {
    await opened.promise;
  } catch (cause) {
    throw new WorkerError('log-unavailable', detailOf(cause), { cause });
  }
  return { awake: (now) => mark.mark(now), line };
}

function threadSettings(start: LineStart, awake: SharedArrayBuffer): LineSettings {
  const { connection, registryUrl, topic, partitionCount } = start.log;
  const { brokers, clientId, ssl = null, sasl } = connection;
  const { workerId, heartbeatEveryMs, browserAnswerMs } = start.settings;
  return {
    brokers,
    clientId,
    registryUrl,
    topic,
    partitionCount,
    schemaIds: start.schemaIds,
    source: `worker/${workerId}`,
    ssl,
    sasl: tokenSource(sasl) === null ? (sasl ?? null) : 'by-caller',
    incarnation: start.incarnation,
    heartbeatEveryMs,
    browserAnswerMs,
    awake,
    awakeEveryMs: scanEveryMs(heartbeatEveryMs),
  };
}

async function giveToken({ log }: LineStart, post: (order: LineOrder) => void): Promise<void> {
  let value: string | null = null;
  try {
    value = (await tokenSource(log.connection.sasl)?.())?.value ?? null;
  } catch (error) {
    log.connection.log?.('error', `oauthBearerProvider: ${detailOf(error)}`, {});
  }
  post({ do: 'token', value });
}

/** What is for the listeners of the caller; they have no say in what happens to the line. */
function isTold(word: LineWord, { settings, log, onSignal }: LineStart): boolean {
  try {
    if (word.say === 'notice') settings.notice(word.notice);
    else if (word.say === 'signal') onSignal?.(word.signal);
    else if (word.say === 'line') log.connection.log?.(word.level, word.message, word.fields);
    else return false;
  } catch {
    // Theirs, not ours.
  }
  return true;
}
