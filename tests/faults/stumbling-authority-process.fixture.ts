/** The lease-authority with a mistake in it, as a next build may have one: it cannot stand one profile. */
import { KafkaEpochWriter } from '@profile-warden/kafka';
import { authorityDuty, epochOpener } from '@profile-warden/lease-authority';
import { runService, type Duty } from '@profile-warden/service';

const STUMBLES_AT = process.env['STUMBLES_AT'] ?? '';

const stumble = (profileId: string | null): void => {
  if (profileId === STUMBLES_AT) throw new TypeError(`cannot read properties of ${profileId}`);
};

/** It stumbles over the record as it comes in; after a restart that record is history, and it stumbles over the debt. */
const stumbling = (duty: Duty): Duty => ({
  ...duty,
  observe: (view, record, folded) => {
    stumble(record.profileId);
    return duty.observe?.(view, record, folded) ?? [];
  },
  gather: (view, profiles) => {
    for (const { profileId } of profiles) stumble(profileId);
    return duty.gather(view, profiles);
  },
});

await runService('lease-authority', ({ connection, writer, config, instanceId, restored }) => ({
  duty: stumbling(authorityDuty()),
  opener: restored(
    epochOpener(new KafkaEpochWriter({ ...writer, connection, cluster: config.cluster }), instanceId),
  ),
  failureIsLoss: true,
}));
