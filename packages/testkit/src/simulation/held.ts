import type { LogRecord } from '@profile-warden/events';
import { SIM_POLICY } from './sim-policy.ts';

/** One lease as its holder sees it. */
export interface Held {
  readonly profileId: string;
  readonly token: number;
  /** By the holder's clock; it touches nothing later. */
  deadlineMs: number;
  isRevoked: boolean;
  hasReleased: boolean;
  /** Steps whose announcement was read back. */
  readonly readBack: Set<string>;
  /** When its heartbeats were sent, by their numbers. */
  readonly sentAtMs: Map<number, number>;
}

/** A worker does something to a profile that others could feel. */
export interface Act {
  readonly incarnation: string;
  readonly isCareless: boolean;
  readonly profileId: string;
  readonly token: number;
}

export const heldFrom = (profileId: string, token: number): Held => ({
  profileId,
  token,
  deadlineMs: -Infinity,
  isRevoked: false,
  hasReleased: false,
  readBack: new Set(),
  sentAtMs: new Map(),
});

/** What a record of its own that it reads back means to the holder. */
export const readBack = (held: Held, { event }: LogRecord, incarnation: string, leaseMs: number): void => {
  if (held.isRevoked || !('token' in event) || event.token !== held.token) return;
  if (event.type === 'StepStarted') held.readBack.add(event.stepId);
  if (event.type !== 'Heartbeat' || event.incarnation !== incarnation) return;
  const sentMs = held.sentAtMs.get(event.seq) ?? -Infinity;
  held.deadlineMs = Math.max(held.deadlineMs, sentMs + leaseMs - SIM_POLICY.marginMs);
};
