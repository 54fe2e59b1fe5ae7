/** The thread that has a worker's line to the log: all of Kafka, and the heartbeats. `startThreadLine` starts it. */
import { parentPort, workerData } from 'node:worker_threads';
import type { KafkaConnection } from '@profile-warden/kafka';
import { AwakeMark } from './awake-mark.ts';
import { KafkaWorkerLog } from './kafka-log.ts';
import { LineHost } from './line-host.ts';
import type { LineOrder, LineSettings, LineWord } from './line-messages.ts';
import { LocalLine } from './local-line.ts';
import type { OnNotice } from './notice.ts';
import { systemClock } from './system-clock.ts';

if (parentPort === null) throw new Error('line-thread.ts runs as a thread of a worker only');
const port = parentPort;
const settings = workerData as LineSettings;
const post = (word: LineWord): void => port.postMessage(word);
const notice: OnNotice = (told) => post({ say: 'notice', notice: told });

type Token = { readonly value: string };
const tokensWanted: { readonly settle: (token: Token) => void; readonly reject: (error: Error) => void }[] =
  [];

/** Tokens are the caller's business: it is asked for one whenever a connection is made. */
const tokenOfCaller = (): Promise<Token> =>
  new Promise((settle, reject) => {
    tokensWanted.push({ settle, reject });
    post({ say: 'token-wanted' });
  });

const login = (): Pick<KafkaConnection, 'sasl'> => {
  if (settings.sasl === null || settings.sasl === undefined) return {};
  if (settings.sasl !== 'by-caller') return { sasl: settings.sasl };
  return { sasl: { mechanism: 'oauthbearer', oauthBearerProvider: tokenOfCaller } };
};

const takeToken = (value: string | null): void => {
  const wanted = tokensWanted.shift();
  if (value === null) wanted?.reject(new Error('oauthBearerProvider gave no token'));
  else wanted?.settle({ value });
};

let host: LineHost | null = null;
const early: LineOrder[] = [];
port.on('message', (order: LineOrder) => {
  if (order.do === 'token') takeToken(order.value);
  else if (host === null) early.push(order);
  else host.take(order);
});

const { brokers, clientId, ssl, awakeEveryMs, incarnation, heartbeatEveryMs, browserAnswerMs } = settings;
const log = await KafkaWorkerLog.open({
  ...settings,
  connection: {
    brokers,
    clientId,
    ...(ssl === null || ssl === undefined ? {} : { ssl }),
    ...login(),
    log: (level, message, fields) => post({ say: 'line', level, message, fields: plain(fields) }),
  },
  onSignal: (signal) => post({ say: 'signal', signal }),
  notice,
});
const awake = new AwakeMark(settings.awake);
const line = new LocalLine(log, systemClock, {
  incarnation,
  heartbeatEveryMs,
  browserAnswerMs,
  notice,
  callerLagMs: () => awake.lagMs(systemClock.now(), awakeEveryMs),
});
host = new LineHost(line, post);
post({ say: 'opened' });
for (const order of early) host.take(order);

/** The library's lines may carry what cannot be sent to another thread. */
function plain(fields: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return JSON.parse(JSON.stringify(fields)) as Record<string, unknown>;
}
