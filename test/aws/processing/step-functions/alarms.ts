import { always, type Cases, every, from, once } from '../../../support/alarm-cases';

const DAY = 24 * 60;

/** The cases of the alarms of a state machine. The schedule of the examples is hourly, so its alarm has three hours. */
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
    ['an execution starts each hour', { ExecutionsStarted: every(60, 1, DAY) }, 'never'],
    ['one start is late by an hour', { ExecutionsStarted: every(120, 1, DAY) }, 'never'],
    ['from the sixth hour on none starts', { ExecutionsStarted: from(6 * 60, undefined, 1, DAY) }, 9 * 60 - 1],
    ['none has ever started', { ExecutionsStarted: always(undefined, DAY) }, 0],
  ],
};
