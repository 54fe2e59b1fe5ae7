import type { PartitionState, ProfileState } from '@profile-warden/domain';
import { span } from '../format/time.ts';
import { holderSilentInMs, resolveCommand } from '../review/review-row.ts';

/** Who moves the profile on, and how: every stage has a way out. */
export interface NextAction {
  readonly text: string;
  readonly command: string | null;
}

const act = (text: string, command: string | null = null): NextAction => ({ text, command });

export const nextAction = (state: PartitionState, profile: ProfileState): NextAction => {
  const { stage, lease } = profile;
  const leftMs = holderSilentInMs(state, profile);
  const later = leftMs > 0 ? `, not before ${span(leftMs)} more of the holder's silence` : '';
  switch (stage.kind) {
    case 'available':
      return act('nothing: it may be leased');
    case 'held':
      return act(
        profile.pulse?.release != null
          ? 'wait: the holder has asked for its release, the lease-authority answers'
          : 'nothing: its holder has it',
      );
    case 'suspected-stale':
      return act(
        stage.healedBy !== null
          ? `wait: the heartbeat at offset ${stage.healedBy} heals it, the lease-authority clears it`
          : 'wait: a sign of life clears it, or it is quarantined',
      );
    case 'quarantined': {
      const open = stage.fenceTargets.filter((target) => !stage.confirmed.includes(target));
      if (open.length > 0) return act(`wait: the projector must confirm the fence at ${open.join(', ')}`);
      const host = lease === null ? '' : ` of host ${lease.hostId}`;
      return act(
        `wait: attempt ${stage.attempts + 1} of the evidence is owed by the evidence-collector${host}${later}`,
      );
    }
    case 'inspected':
      return act(`wait: the recovery-decider owes the decision${later}`);
    case 'resume-pending':
      return act(
        `start task ${stage.taskId} again with intent resume; its checkpoint is ${stage.checkpoint.name}`,
      );
    case 'manual-review':
      return act(
        `a person must decide: see what happened with \`timeline\`, then resolve it${later}`,
        resolveCommand(state, profile),
      );
    case 'retired':
      return act(
        `nothing: it is out of service; a person may reopen it${later}`,
        resolveCommand(state, profile),
      );
  }
};
