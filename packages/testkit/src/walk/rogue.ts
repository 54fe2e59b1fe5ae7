import type { WardenEvent } from '@profile-warden/events';
import {
  beat,
  releaseRequested,
  silenceAnnounced,
  stepCompleted,
  stepStarted,
  writeRefused,
} from '../spec/index.ts';
import { Worker } from './worker.ts';

/**
 * A worker that keeps none of its rules: it says and does what it likes under any token it has heard of. Only the lease
 * that it gives back is its own.
 */
export class Rogue extends Worker {
  #steps = 0;

  override check(): void {
    // Nothing to hold it to.
  }

  override work(): void {
    const { random } = this.world;
    const latest = this.profile?.token ?? 0;
    const token = random.chance(0.8) ? (this.token ?? latest) : latest + random.between(-1, 1);
    if (token < 1) return;
    // A release carries no incarnation: nobody can tell one that is forged under another's token.
    const own = this.token ?? token;
    const isOwn = this.token !== null;
    this.hasBrowser = random.chance(0.8);
    const { incarnation } = this;
    const stepId = `${incarnation}-x${random.chance(0.5) ? this.#steps : (this.#steps += 1)}`;
    this.post(
      random.weighted<() => WardenEvent>([
        [8, () => beat(random.pick(['reachable', 'starting', 'closed']), { token, incarnation, seq: 1 })],
        [2, () => stepStarted(stepId, 'sensitive', { token })],
        [2, () => stepStarted(stepId, 'side-effect', { token, repeatable: random.chance(0.5) })],
        [2, () => stepCompleted(stepId, { token, checkpoint: { name: stepId, stored: 'server' } })],
        [1, () => stepCompleted(stepId, { token, outcome: 'unknown' })],
        [1, () => silenceAnnounced(random.between(0, 500), token)],
        [
          isOwn ? 2 : 0,
          () => releaseRequested({ token: own, browserClosed: random.pick(['confirmed', 'unconfirmed']) }),
        ],
        [1, () => writeRefused(token)],
      ])(),
    );
    if (random.chance(0.03)) this.crash();
  }
}
