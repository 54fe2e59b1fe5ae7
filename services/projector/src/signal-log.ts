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
        log.debug(fields, type);
        return;
      case 'target-up':
        log.info(fields, 'fence target reached');
        return;
      case 'write-failed': {
        const { error, ...rest } = signal;
        log.warn({ ...rest, err: error }, 'the read model could not be written, trying again');
        return;
      }
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
