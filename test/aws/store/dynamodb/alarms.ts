import { always, type Cases, from, once } from '../../../support/alarm-cases';

export const cases: Cases = {
  ThrottledRequests: [
    ['a burst is throttled for a minute', { ThrottledRequests: once(60, 20, 0) }, 'never'],
    ['one key gets too many requests, without end', { ThrottledRequests: from(60, 20, undefined) }, 70],
    ['no request', { ThrottledRequests: always(undefined) }, 'never'],
  ],
  'SystemErrors SystemErrors': [
    ['one request in a million fails', { SystemErrors: once(60, 1) }, 'never'],
    ['DynamoDB fails in the region', { SystemErrors: from(60, 500, undefined) }, 70],
    ['no request', { SystemErrors: always(undefined) }, 'never'],
  ],
  'ConsumedWriteCapacityUnits PolledEventCount': [
    ['the mapping is off while rows are written', { ConsumedWriteCapacityUnits: always(9), PolledEventCount: from(60, undefined, 9) }, 89],
    ['nothing is written', { ConsumedWriteCapacityUnits: always(undefined), PolledEventCount: always(undefined) }, 'never'],
  ],
};
