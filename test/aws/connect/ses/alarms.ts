import { always, type Cases, from, once } from '../../../support/alarm-cases';

export const cases: Cases = {
  FailedInvocations: [
    ['a bounce could not be put into the buffer for a day', { FailedInvocations: once(60, 1) }, 60],
    ['nothing bounces', { FailedInvocations: always(undefined) }, 'never'],
  ],
  InvocationsFailedToBeSentToDlq: [
    ['a bounce could not be put into the dead letter', { InvocationsFailedToBeSentToDlq: once(60, 1) }, 60],
    ['nothing bounces', { InvocationsFailedToBeSentToDlq: always(undefined) }, 'never'],
  ],
  DeadLetterErrors: [
    ['a failed call could not be sent to its queue', { DeadLetterErrors: once(60, 1) }, 60],
    ['no call fails', { DeadLetterErrors: always(undefined) }, 'never'],
  ],
  PublishExpired: [
    ['a mail could not be stored for four hours', { PublishExpired: once(60, 1) }, 60],
    ['every mail is stored, or none comes', { PublishExpired: always(undefined) }, 'never'],
  ],
  'Reputation.BounceRate': [
    ['the rate rises to 6 %', { 'Reputation.BounceRate': from(60, 0.06, 0.01) }, 60],
    ['the rate is 4 %', { 'Reputation.BounceRate': always(0.04) }, 'never'],
    ['nothing is sent', { 'Reputation.BounceRate': always(undefined) }, 'never'],
  ],
  'Reputation.ComplaintRate': [
    ['the rate rises to 0.2 %', { 'Reputation.ComplaintRate': from(60, 0.002, 0.0001) }, 60],
    ['the rate is 0.05 %', { 'Reputation.ComplaintRate': always(0.0005) }, 'never'],
    ['nothing is sent', { 'Reputation.ComplaintRate': always(undefined) }, 'never'],
  ],
};
