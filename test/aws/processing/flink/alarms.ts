import { always, type Cases, from, once } from '../../../support/alarm-cases';

export const cases: Cases = {
  containerCPUUtilization: [
    ['a task manager stays at its limit', { containerCPUUtilization: from(60, 95, 40) }, 70],
    ['a task manager is at its limit for five minutes', { containerCPUUtilization: from(60, 95, 40, 65) }, 'never'],
    ['the application does not run: the next alarm is for this', { containerCPUUtilization: always(undefined) }, 'never'],
  ],
  cpuUtilization: [
    ['the application stops', { cpuUtilization: from(60, undefined, 1) }, 74],
    ['it was never started', { cpuUtilization: always(undefined) }, 0],
    [
      'it is restarted by a deploy, which takes five minutes',
      { cpuUtilization: always(1).map((one, minute) => (minute > 60 && minute < 66 ? undefined : one)) },
      'never',
    ],
  ],
  heapMemoryUtilization: [
    ['the heap stays full', { heapMemoryUtilization: from(60, 95, 40) }, 70],
    ['the heap is full until it is collected', { heapMemoryUtilization: from(60, 95, 40, 65) }, 'never'],
  ],
  numRestarts: [
    ['the application restarts', { numRestarts: from(60, 1, 0) }, 60],
    ['it restarted once, long ago', { numRestarts: always(1) }, 'never'],
    ['a deploy starts it anew, so that the total falls', { numRestarts: from(60, 0, 7) }, 'never'],
    ['it does not run', { numRestarts: always(undefined) }, 'never'],
  ],
  numberOfFailedCheckpoints: [
    ['each checkpoint fails', { numberOfFailedCheckpoints: always(0).map((_, minute) => Math.max(0, minute - 60)) }, 71],
    ['one checkpoint fails', { numberOfFailedCheckpoints: from(60, 1, 0) }, 'never'],
    ['it does not run', { numberOfFailedCheckpoints: always(undefined) }, 'never'],
  ],
  RefusedRecords: [
    ['the first record is refused', { RefusedRecords: once(60, 1) }, 60],
    ['no record is refused', { RefusedRecords: always(undefined) }, 'never'],
  ],
};
