import { always, type Cases, every, from, once } from '../../../support/alarm-cases';

const DAY = 24 * 60;

/** The cases of the alarms of a state machine. The schedule of its example is daily, so the alarm has 26 hours. */
export const cases: Cases = {
  ExecutionsFailed: [
    ['one execution fails', { ExecutionsFailed: once(60, 1, 0) }, 60],
    ['none fails', { ExecutionsFailed: always(0) }, 'never'],
    ['none runs', { ExecutionsFailed: always(undefined) }, 'never'],
  ],
  ExecutionsTimedOut: [
    ['one execution takes too long', { ExecutionsTimedOut: once(60, 1, 0) }, 60],
    ['none runs', { ExecutionsTimedOut: always(undefined) }, 'never'],
  ],
  ExecutionsAborted: [
    ['one execution is stopped', { ExecutionsAborted: once(60, 1, 0) }, 60],
    ['none runs', { ExecutionsAborted: always(undefined) }, 'never'],
  ],
  ExecutionThrottled: [
    ['a transition is throttled', { ExecutionThrottled: once(60, 1) }, 60],
    ['none is throttled', { ExecutionThrottled: always(undefined) }, 'never'],
  ],
  ExecutionsStarted: [
    ['an execution starts each day', { ExecutionsStarted: every(DAY, 1, 5 * DAY) }, 'never'],
    ['one start is late by an hour', { ExecutionsStarted: every(DAY + 60, 1, 5 * DAY) }, 'never'],
    ['after the first day none starts', { ExecutionsStarted: from(1, undefined, 1, 3 * DAY) }, 26 * 60],
    ['none has ever started', { ExecutionsStarted: always(undefined, DAY) }, 0],
  ],
};
