import { KafkaEpochWriter } from '@profile-warden/kafka';
import { runService } from '@profile-warden/service';
import { authorityDuty } from './duty.ts';
import { epochOpener } from './epoch-opener.ts';

await runService('lease-authority', ({ connection, writer, config, instanceId, restored }) => ({
  duty: authorityDuty(),
  // The barrier first, and only then the snapshot: what a former authority has done lies before the one or in the other.
  opener: restored(
    epochOpener(new KafkaEpochWriter({ ...writer, connection, cluster: config.cluster }), instanceId),
  ),
  failureIsLoss: true,
}));
