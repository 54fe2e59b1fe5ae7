import type { EventOf } from '@profile-warden/events';
import { hostReported, quarantineRequested, reviewResolved } from '../spec/index.ts';
import { PROFILES, type World } from './world.ts';
import type { Reader } from './reader.ts';

/** More forms than anybody leaves open. */
const MAX_FORMS = 4;

interface Form {
  readonly profileId: string;
  readonly event: EventOf<'ReviewResolved'>;
}

/** Reviewers who send a form long after they opened it, operators who stop profiles, and word about hosts. */
export class People {
  readonly #world: World;
  readonly reader: Reader;
  readonly #forms: Form[] = [];

  constructor(world: World) {
    this.#world = world;
    this.reader = world.reader();
  }

  openForm(): void {
    const { random } = this.#world;
    const inReview = PROFILES.filter((id) => this.reader.profile(id)?.stage.kind === 'manual-review');
    const profileId = random.pick(inReview.length > 0 && random.chance(0.9) ? inReview : PROFILES);
    const profile = this.reader.profile(profileId);
    if (profile === undefined || this.#forms.length >= MAX_FORMS) return;
    const { stage, token, round, history } = profile;
    if (stage.kind !== 'manual-review' && (stage.kind !== 'retired' || random.chance(0.5))) return;
    const known = history.checkpoints.at(-1)?.name ?? (random.chance(0.5) ? 'by-hand' : null);
    const outcome = random.pick(['available', 'available', 'resume-pending', 'retry', 'retired'] as const);
    const verdicts = history.openSteps.map(({ stepId }) => ({
      stepId,
      verdict: random.pick(['applied', 'not-applied', 'unknown'] as const),
    }));
    if (token === 0) return;
    const about = { token, round, outcome, verdicts, checkpoint: known };
    this.#forms.push({ profileId, event: reviewResolved(this.reader.basedOn, about) });
  }

  judgeAtOnce(): void {
    this.openForm();
    this.submitForm();
  }

  submitForm(): void {
    const [form] = this.#forms.splice(this.#world.random.whole(this.#forms.length), 1);
    if (form !== undefined) this.#world.send(form);
  }

  operate(): void {
    const { random } = this.#world;
    const profileId = random.pick(PROFILES);
    const token = this.reader.profile(profileId)?.token ?? 0;
    if (token > 0) this.#world.send({ event: quarantineRequested(token), profileId });
  }

  speakOfHost(): void {
    const { random } = this.#world;
    const status = random.weighted([
      [6, 'up'],
      [2, 'draining'],
      [1, 'dead'],
    ] as const);
    const bootId = status === 'up' && random.chance(0.2) ? `boot-new-${random.whole(100)}` : null;
    const hostId = random.pick(['h1', 'h2']);
    this.#world.send({ event: hostReported(status, { hostId, bootId }), profileId: '' });
  }
}
