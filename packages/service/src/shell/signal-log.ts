import type { Logger } from 'pino';
import type { OnRuntimeSignal } from '../runtime/signals.ts';

/** One log line per thing that happened; folding alone is not worth a line. */
export const signalLog =
  (log: Logger): OnRuntimeSignal =>
  (signal) => {
    const { type, ...fields } = signal;
    switch (type) {
      case 'folded':
        return;
      case 'ignored':
        log.debug(fields, 'a record changed nothing');
        return;
      case 'authority-event-ignored':
        log.error(fields, 'ALARM: a decision of the current epoch was ignored by the fold');
        return;
      case 'paid':
        log.info(fields, `appended ${signal.eventType}`);
        return;
      case 'assigned':
      case 'revoked':
      case 'live':
        log.info(fields, type === 'live' ? 'restored, paying what is owed' : `partition ${type}`);
        return;
      default: {
        const { error, ...rest } = fields as { error?: unknown };
        log.warn({ ...rest, err: error }, type);
      }
    }
  };
