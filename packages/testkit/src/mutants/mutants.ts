/** One text in one file, which must stand there exactly once, and what stands there instead. */
export interface Edit {
  /** From the root of the tree. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

/** The protocol with one thing wrong that would be easy to get wrong. */
export interface Mutant {
  readonly name: string;
  /** What somebody might have thought. */
  readonly says: string;
  /** Why the exhaustive search cannot come upon it; unset where it must. */
  readonly outsideSearch?: string;
  readonly edits: readonly Edit[];
}

const DOMAIN = 'packages/domain/src';

export const MUTANTS: readonly Mutant[] = [
  {
    name: 'fence-confirmed-early',
    says: 'the mark refuses new writes, so the fence may be confirmed with it',
    edits: [
      {
        file: 'services/projector/src/fence/fence-keeper.ts',
        find: 'for (const change of unmarked) this.#marked.set(change.profileId, change);',
        replace: `for (const change of unmarked) {
      this.#marked.set(change.profileId, change);
      this.#confirmations.settle(change, this.#incarnation ?? '');
    }`,
      },
      {
        file: 'packages/testkit/src/exhaustive/moves/database.ts',
        find: 'const isRaised = token > event.token || (token === event.token && !isValid);',
        replace: 'const isRaised = markedToken >= event.token || (token === event.token && !isValid);',
      },
    ],
  },
  {
    name: 'last-step-only',
    says: 'a worker does one step at a time, so one open step is enough to remember',
    edits: [
      {
        file: `${DOMAIN}/history.ts`,
        find: ': { ...history, openSteps: [...openSteps, step] };',
        replace: ': { ...history, openSteps: [step] };',
      },
    ],
  },
  {
    name: 'based-on-ignored',
    says: 'the silence is checked anyway, so what the holder said after the look does not matter',
    edits: [
      {
        file: `${DOMAIN}/fold/recovery.ts`,
        find: `hasReportedAfter(profile, basedOn)
    ? 'holder-reported'
    : holderIsSilent`,
        replace: `basedOn < -1
    ? 'holder-reported'
    : holderIsSilent`,
      },
    ],
  },
  {
    name: 'decision-newer-than-evidence',
    says: 'the decider has read further than the collector, so it says how far',
    edits: [
      {
        file: `${DOMAIN}/decider.ts`,
        find: 'basedOn: stage.evidence.basedOn,',
        replace: 'basedOn: one.state.nextOffset - 1,',
      },
      {
        file: `${DOMAIN}/fold/recovery.ts`,
        find: 'if (event.basedOn !== stage.evidence.basedOn)',
        replace: 'if (event.basedOn < stage.evidence.basedOn)',
      },
    ],
  },
  {
    name: 'look-based-on-its-end',
    says: 'a look is over when it is over, so that is what it is based on',
    outsideSearch: 'the search has a collector of its own',
    edits: [
      {
        file: 'services/evidence-collector/src/duty.ts',
        find: 'evidenceOf(one, due, basedOn, options, await lookAt(one, options, signal)),',
        replace: `{
            const host = await lookAt(one, options, signal);
            return evidenceOf(one, due, Math.max(basedOn, view.state.nextOffset - 1), options, host);
          },`,
      },
    ],
  },
  {
    name: 'silence-not-waited-for',
    says: 'the fence is up, so the old holder can do no harm',
    edits: [
      {
        file: `${DOMAIN}/silence.ts`,
        find: 'return logMs >= silentAtLogMs(lease, pulse);',
        replace: 'return logMs >= -1 || logMs >= silentAtLogMs(lease, pulse);',
      },
    ],
  },
  {
    name: 'epoch-ignored',
    says: 'Kafka fences the old authority, so the fold need not',
    edits: [
      {
        file: `${DOMAIN}/fold/authority.ts`,
        find: 'event.epoch !== at.state.epoch;',
        replace: 'event.epoch !== at.state.epoch && at.offset < 0;',
      },
    ],
  },
  {
    name: 'grant-before-decision',
    says: 'the evidence is complete, so the next worker may have the profile',
    edits: [
      {
        file: `${DOMAIN}/admission.ts`,
        find: `case 'inspected':
      return 'in-recovery';`,
        replace: `case 'inspected':
      return request.intent === 'fresh' ? null : 'in-recovery';`,
      },
      {
        file: `${DOMAIN}/fold/authority.ts`,
        find: "stage.kind === 'available' ||\n  stage.kind === 'resume-pending' ||",
        replace:
          "stage.kind === 'available' ||\n  stage.kind === 'inspected' ||\n  stage.kind === 'resume-pending' ||",
      },
    ],
  },
  {
    name: 'review-of-an-earlier-round',
    says: 'a person has ruled on the case, whichever round it was',
    edits: [
      {
        file: `${DOMAIN}/fold/recovery.ts`,
        find: `if (stage.kind !== 'manual-review' && stage.kind !== 'retired') return 'not-in-this-stage';
  if (event.round !== profile.round) return 'other-round';`,
        replace:
          "if (stage.kind !== 'manual-review' && stage.kind !== 'retired') return 'not-in-this-stage';",
      },
    ],
  },
  {
    name: 'late-heartbeat-heals',
    says: 'the holder lives, so it may keep the profile',
    edits: [
      {
        file: `${DOMAIN}/fold/report.ts`,
        find: `if (!isOwned(profile)) return late(at, profile, pulse);
  const here`,
        replace: `if (profile.stage.kind === 'quarantined') return { ...profile, stage: { kind: 'held' } };
  if (!isOwned(profile)) return late(at, profile, pulse);
  const here`,
      },
    ],
  },
  {
    name: 'release-with-an-open-step',
    says: 'the worker said that it is done',
    edits: [
      {
        file: `${DOMAIN}/authority.ts`,
        find: 'if (hasUnsettledStep(profile, lease) || !isSettledOutcome(pulse.release.outcome))',
        replace: 'if (!isSettledOutcome(pulse.release.outcome))',
      },
    ],
  },
  {
    name: 'wall-clock',
    says: 'everybody has a clock',
    outsideSearch: 'no time goes by in a search',
    edits: [
      {
        file: `${DOMAIN}/log-time.ts`,
        find: 'Math.max(0, at.brokerMs - last.brokerMs)',
        replace: 'Math.max(0, Date.now() - last.brokerMs)',
      },
      {
        file: `${DOMAIN}/log-time.ts`,
        find: 'state.lastTick = { brokerMs: at.brokerMs, offset: at.offset };',
        replace: 'state.lastTick = { brokerMs: Date.now(), offset: at.offset };',
      },
    ],
  },
];
