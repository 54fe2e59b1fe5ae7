import { CodecError, type NewEvent } from '@profile-warden/events';
import type { RuntimeSignal } from './signals.ts';

/** The event itself was refused, before anything was sent. */
export const isRefusal = (error: unknown): boolean =>
  error instanceof CodecError || (error instanceof Error && error.cause instanceof CodecError);

export const paidSignal = (
  partition: number,
  { profileId, event }: NewEvent,
  offset: number,
): RuntimeSignal => {
  const token = 'token' in event ? event.token : null;
  return { type: 'paid', partition, profileId, eventType: event.type, token, offset };
};
