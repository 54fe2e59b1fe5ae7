import { addressOf, recordTargets, type Pool } from '@profile-warden/postgres';
import { ConfigError, type ServiceConfig } from '@profile-warden/service';
import type { OnProjectorSignal } from '../signals.ts';

/**
 * A target that the policy makes every quarantine wait for has to be served here.
 *
 * @throws ConfigError naming the ones that are not.
 */
export const assertTargetsServed = ({
  fenceTargets,
  policy,
}: Pick<ServiceConfig, 'fenceTargets' | 'policy'>): void => {
  const served = fenceTargets.map(({ name }) => name);
  const unserved = policy.fenceTargets.filter((name) => !served.includes(name));
  if (unserved.length > 0)
    throw new ConfigError([
      `WARDEN_POLICY makes quarantines wait for the fence targets ${unserved.join(', ')}, but WARDEN_FENCE_TARGETS ` +
        `serves ${served.length === 0 ? 'none' : served.join(', ')}: no quarantine could ever end. Give each its ` +
        'name=url, or leave fenceTargets out of the policy',
    ]);
};

export interface ListedOptions {
  readonly readModel: Pool;
  readonly fenceTargets: ServiceConfig['fenceTargets'];
  readonly byWhom: string;
  readonly projector: string;
  readonly onSignal: OnProjectorSignal;
}

/** Records which targets this projector was started with where that is another list than before, and says so. */
export const recordListedTargets = async (options: ListedOptions): Promise<void> => {
  const { readModel, fenceTargets, byWhom, projector, onSignal } = options;
  const served = fenceTargets.map(({ name, url }) => ({ target: name, address: addressOf(url) }));
  for (const change of await recordTargets(readModel, served, { byWhom, projector }))
    onSignal({ type: 'target-listed', ...change });
};
