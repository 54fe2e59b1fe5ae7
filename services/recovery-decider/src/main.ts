import { runService } from '@profile-warden/service';
import { deciderDuty } from './duty.ts';

await runService('recovery-decider', () => ({ duty: deciderDuty }));
