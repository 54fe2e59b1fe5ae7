import { logContract } from '@profile-warden/testkit/contract';
import { kafkaLogUnderTest } from './kafka-log-under-test.fixture.ts';

logContract('on a broker', kafkaLogUnderTest);
