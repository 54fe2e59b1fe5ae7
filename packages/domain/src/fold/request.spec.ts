import {
  authorityPays,
  elapse,
  given,
  granted,
  quarantineRequested,
  request,
} from '@profile-warden/testkit/spec';
import { describe, expect, it } from 'vitest';

describe('a request', () => {
  it('waits in the order of the log', () =>
    given(request('r1'))
      .when(request('r2'))
      .then({
        folded: ['applied'],
        profile: { requests: [{ requestId: 'r1' }, { requestId: 'r2' }] },
      }));
  it('made again while it waits is one request', () =>
    given(request('r1'))
      .when(request('r1'))
      .then({ folded: ['duplicate-request'] }));
  it('made again after its answer is not answered again', () =>
    given(granted('r1'))
      .when(request('r1'))
      .then({ folded: ['duplicate-request'], authority: [] }));
  it('is remembered for an hour of log time and then forgotten', () =>
    given(granted('r1'), quarantineRequested(1), authorityPays, elapse(3_600_000))
      .when(request('r1'), elapse(1_000), request('r1', { incarnation: 'i2' }))
      .then((log) =>
        expect([log.folded.at(-3), log.folded.at(-1)]).toEqual(['duplicate-request', 'applied']),
      ));
});
