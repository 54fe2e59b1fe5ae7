import {
  evolve,
  fenceRowOf,
  holderVerdict,
  owedByAuthority,
  owedByCollector,
  owedByDecider,
  owedByDetector,
  owedByProjector,
} from '@profile-warden/domain';

/** The decision code that is searched. A spec may put something wrong in its place, to see it found. */
export interface Rules {
  readonly evolve: typeof evolve;
  readonly owedByAuthority: typeof owedByAuthority;
  readonly owedByDetector: typeof owedByDetector;
  readonly owedByCollector: typeof owedByCollector;
  readonly owedByDecider: typeof owedByDecider;
  readonly owedByProjector: typeof owedByProjector;
  readonly holderVerdict: typeof holderVerdict;
  readonly fenceRowOf: typeof fenceRowOf;
}

export const DOMAIN_RULES: Rules = {
  evolve,
  owedByAuthority,
  owedByDetector,
  owedByCollector,
  owedByDecider,
  owedByProjector,
  holderVerdict,
  fenceRowOf,
};
