import { always, type Cases, once } from '../../../support/alarm-cases';

export const cases: Cases = {
  NumberOfNotificationsFailed: [
    ['SNS may no longer send to a queue', { NumberOfNotificationsFailed: once(60, 1, 0) }, 60],
    ['nothing is published', { NumberOfNotificationsFailed: always(undefined) }, 'never'],
  ],
  NumberOfNotificationsFailedToRedriveToDlq: [
    ['SNS may not send to a dead letter', { NumberOfNotificationsFailedToRedriveToDlq: once(60, 1) }, 60],
    ['each event is delivered', { NumberOfNotificationsFailedToRedriveToDlq: always(undefined) }, 'never'],
  ],
  'NumberOfNotificationsFilteredOut-InvalidMessageBody': [
    ['an event that is not JSON is published', { 'NumberOfNotificationsFilteredOut-InvalidMessageBody': once(60, 1) }, 60],
    ['each event is JSON', { 'NumberOfNotificationsFilteredOut-InvalidMessageBody': always(undefined) }, 'never'],
  ],
};
