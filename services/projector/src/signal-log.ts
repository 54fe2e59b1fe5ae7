import type { ServiceParts } from '@profile-warden/service';
import type { OnProjectorSignal } from './signals.ts';

/** One line per thing that somebody may have to look at. */
export const signalLog =
  (log: ServiceParts['log']): OnProjectorSignal =>
  (signal) => {
    const { type, ...fields } = signal;
    switch (type) {
      case 'written':
      case 'fences-set':
      case 'read-model-left':
        log.debug(fields, type);
        return;
      case 'fence-freed':
        log.info(fields, 'the sessions that kept a fence from being raised have ended');
        return;
      case 'target-listed':
        log.warn(fields, 'the list of fence targets has changed');
        return;
      case 'target-state-unwritten': {
        const { error } = signal;
        log.warn({ err: error }, 'how the fence targets are could not be written to the read model');
        return;
      }
      case 'target-unawaited':
        log.error(
          fields,
          'ALARM: a quarantine does not wait for a fence target that is served here: the lease-authority was given another list',
        );
        return;
      case 'target-up':
        log.info(fields, 'fence target reached');
        return;
      case 'write-failed': {
        const { error, ...rest } = signal;
        log.warn({ ...rest, err: error }, 'the read model could not be written, trying again');
        return;
      }
      case 'read-model-awaited': {
        const { error } = signal;
        log.warn({ err: error }, 'waiting: the read model cannot be used yet; fences are served meanwhile');
        return;
      }
      case 'outrun':
        log.warn(
          fields,
          'the read model does not keep up and is left behind: it is read from the log again once it answers',
        );
        return;
      case 'read-again-failed': {
        const { error, ...rest } = signal;
        log.warn(
          { ...rest, err: error },
          'the read model cannot be brought up from the log yet, trying again',
        );
        return;
      }
      case 'read-again':
        log.info(fields, 'the read model was brought up from the log and follows again');
        return;
      case 'target-down': {
        const { error, ...rest } = signal;
        log.warn({ ...rest, err: error }, 'fence target not usable, trying again: its quarantines wait');
        return;
      }
      case 'target-changed':
        log.error(
          fields,
          'ALARM: the fence target was restored or promoted; its fences are raised again from the log',
        );
        return;
      case 'target-unknown':
        log.error(
          fields,
          'ALARM: a quarantine names a fence target that is not in WARDEN_FENCE_TARGETS; it cannot end',
        );
        return;
      case 'fence-blocked':
        log.warn(fields, 'an open transaction keeps a fence from being raised: end these sessions');
        return;
      case 'fence-refused': {
        const { error, ...rest } = signal;
        log.error({ ...rest, err: error }, 'ALARM: the fence target refuses a row and keeps what it has');
      }
    }
  };
