import { KafkaEpochWriter } from '@profile-warden/kafka';
import { runService } from '@profile-warden/service';
import { authorityDuty } from './duty.ts';
import { epochOpener } from './epoch-opener.ts';

await runService('lease-authority', ({ connection, writer, config, instanceId }) => ({
  duty: authorityDuty(),
  opener: epochOpener(new KafkaEpochWriter({ ...writer, connection, cluster: config.cluster }), instanceId),
  failureIsLoss: true,
}));
