import type { RecordBody } from '@profile-warden/events';

interface Running {
  readonly stepId: string;
  isReadBack: boolean;
}

/**
 * The steps of one lease that are running here, and which of them have been read back from the log. A step is in it
 * from `enter` to `leave`; at most 16 are, since the services' fold names no more open steps than that.
 */
export class StepLedger {
  static readonly MAX_RUNNING = 16;
  #running: readonly Running[] = [];
  #count = 0;

  get running(): number {
    return this.#running.length;
  }

  get isFull(): boolean {
    return this.running >= StepLedger.MAX_RUNNING;
  }

  /** Returns the id of the step, unique over all leases of the profile. */
  enter(token: number): string {
    this.#count += 1;
    const stepId = `${token}-${this.#count}`;
    this.#running = [...this.#running, { stepId, isReadBack: false }];
    return stepId;
  }

  leave(stepId: string): void {
    this.#running = this.#running.filter((step) => step.stepId !== stepId);
  }

  /** To be told of every record of the profile that is folded while the lease is held. */
  fold(event: RecordBody, token: number): void {
    if (event.type !== 'StepStarted' || event.token !== token) return;
    const step = this.#running.find(({ stepId }) => stepId === event.stepId);
    if (step !== undefined) step.isReadBack = true;
  }

  isReadBack(stepId: string): boolean {
    return this.#running.some((step) => step.stepId === stepId && step.isReadBack);
  }
}
